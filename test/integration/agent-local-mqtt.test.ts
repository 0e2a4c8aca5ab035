import { writeFile } from "node:fs/promises";
import { localBusLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { readLocalMqtt } from "../../agent/src/local-mqtt.ts";
import { main } from "../support/agent/binding-rig.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { localDevice, localProgram } from "../support/agent/local-device.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { carelessBroker } from "../support/mqtt/careless-broker.ts";
import { muteBroker } from "../support/mqtt/mute-broker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const payload = { form: "json" };
const bindings = [{ input: "sensors/+/raw", output: "sensors/{1}/class", payload, qos: 1 }];

test("with a broker of MQTT 3.1.1 alone, a topic is bound and requests are answered by their id", async () => {
  await using broker = await carelessBroker();
  await using device = await localDevice({ url: broker.url, bindings, requests: {} });
  await using program = await localProgram(broker.url, ["sensors/+/class", "infer/+/res/#"]);
  await device.isOnline();
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: [5, 6] }];

  await program.client.publishAsync("sensors/north/raw", "[3, 4]", { qos: 1 });
  await program.client.publishAsync("infer/digits/req", JSON.stringify({ id: "7", inputs }));
  await program.client.publishAsync("infer/voice/req", JSON.stringify({ id: "8", inputs }));

  await eventually(() => program.heard.length === 3);
  const answers = new Map(program.heard.map(({ topic, payload: text }) => [topic, String(text)]));
  expect(JSON.parse(answers.get("sensors/north/class") ?? "")).toMatchObject({
    ...{ model: "digits", version: "1.0.0", outputs: [{ data: [3, 4] }] },
  });
  expect(answers.get("infer/digits/res/7")).toContain('"data":[5,6]');
  expect(answers.get("infer/voice/res/8")).toContain("UNKNOWN_MODEL");
});

test("a whole agent, told of a file, answers a bound topic and says so in its status", async () => {
  await using folder = await temporaryFolder();
  await using broker = await carelessBroker();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  controller.want(controller.release("1.0.0"));
  const file = folder.inside("local.json");
  await writeFile(file, JSON.stringify({ url: broker.url, bindings }));
  const localMqtt = await readLocalMqtt({ localMqtt: file });
  await using agent = await runningAgent(folder.path, 100, { localMqtt });
  await eventually(async () => (await agent.infer([1, 2])).status === 200, { withinMs: 20_000 });
  await using program = await localProgram(broker.url, ["sensors/+/class"]);

  await program.client.publishAsync("sensors/a/raw", "[3, 4]", { qos: 1 });

  const answered = () => expect(program.texts().join()).toContain('"data":[3,4]');
  await eventually(answered);
  expect(await agent.status()).toMatchObject({
    localMqtt: { connected: true, received: 1, answered: 1, dropped: 0, refused: 0 },
  });
});

test("a broker that goes away disturbs no other request, keeps nothing waiting, and is found again", async () => {
  const first = await carelessBroker();
  await using device = await localDevice({ url: first.url, bindings });
  await device.isOnline();
  await first[Symbol.asyncDispose]();
  await eventually(() => !device.status().connected);

  const inputs = [floatTensor("x", [1, 2], [1, 2])];
  const direct = await device.models.infer({ slot: main, inputs, timeoutMs: 1_000 });
  await using second = await carelessBroker(first.port);
  await device.isOnline(2);
  await using program = await localProgram(second.url, ["sensors/+/class"]);
  await program.client.publishAsync("sensors/a/raw", "[3, 4]", { qos: 1 });

  expect(direct.outputs).toHaveLength(1);
  await eventually(() => program.heard.length === 1);
  expect(program.topics()).toEqual(["sensors/a/class"]);
});

test("a message too large for the connection ends it, one too large to be parsed is refused, and both end there", async () => {
  await using broker = await carelessBroker();
  const bound = [{ ...bindings[0], payload: { form: "float32" }, errors: "errors/{1}" }];
  await using device = await localDevice({ url: broker.url, bindings: bound });
  await using program = await localProgram(broker.url, ["sensors/+/class", "errors/+"]);
  await device.isOnline();

  const { payloadBytesMax, packetBytesMax } = localBusLimits;
  await program.client.publishAsync("sensors/a/raw", Buffer.alloc(payloadBytesMax + 4));
  await eventually(() => program.heard.length === 1);
  await program.client.publishAsync("sensors/b/raw", Buffer.alloc(packetBytesMax));
  await device.isOnline(2);
  const floats = Buffer.from(new Float32Array([3, 4]).buffer);
  await program.client.publishAsync("sensors/c/raw", floats);

  await eventually(() => program.heard.length === 2);
  expect(program.texts()[0]).toContain("TOO_LARGE");
  expect(program.topics()).toEqual(["errors/a", "sensors/c/class"]);
});

test("a broker that closes without a word to MQTT 5 is asked for 3.1.1, unless the file says 5", async () => {
  await using broker = await muteBroker({ acknowledgesTopics: true, levels: [4] });
  await using device = await localDevice({ url: broker.url, bindings });
  await device.isOnline();
  await using pinned = await localDevice({ url: broker.url, bindings, version: "5" });
  await eventually(() => broker.logins.length >= 4);

  expect(broker.logins.slice(0, 2)).toEqual([5, 4]);
  expect(new Set(broker.logins.slice(2))).toEqual(new Set([5]));
  expect(pinned.status().connected).toBe(false);
});

describe("an answer", () => {
  const answer = { topic: "out", payload: Buffer.alloc(100), qos: 1 } as const;

  test("is held to the broker's largest packet with its properties, which the asker chose", async () => {
    const properties = { maximumPacketSize: 1_000 };
    await using broker = await muteBroker({ acknowledgesTopics: true, properties });
    await using device = await localDevice({ url: broker.url, bindings });
    await device.isOnline();

    const sent = device.bus.publish({ ...answer, correlation: Buffer.alloc(900) });

    await expect(sent).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  test("that the broker does not take waits with others only up to so many bytes", async () => {
    await using broker = await muteBroker({ acknowledgesTopics: true });
    await using device = await localDevice({ url: broker.url, bindings });
    await device.isOnline();
    const { packetBytesMax, inFlightBytesMax } = localBusLimits;
    const payload = Buffer.alloc(packetBytesMax - 1_024);

    const waiting = Array.from({ length: inFlightBytesMax / packetBytesMax }, () =>
      device.bus.publish({ ...answer, payload }).catch((cause: unknown) => cause),
    );
    const refused = device.bus.publish({ ...answer, payload });

    await expect(refused).rejects.toMatchObject({ code: "BUSY" });
    await device[Symbol.asyncDispose]();
    expect(await Promise.all(waiting)).toMatchObject(waiting.map(() => ({ code: "OFFLINE" })));
  });
});
