import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localDevice, localProgram } from "../support/agent/local-device.ts";
import { mosquittoIsHere } from "../support/broker/mosquitto.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isSkipped = !mosquittoIsHere && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected mosquitto: apt install mosquitto");

const v5 = { protocolVersion: 5 } as const;
const request = (id: string, data: readonly number[]) =>
  JSON.stringify({ id, inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data }] });

/** Mosquitto as it stands on a gateway: one port, nobody asks who you are. */
async function plainMosquitto(port: number, lines: readonly string[] = []) {
  const folder = await temporaryFolder("modelfleet-mosquitto-");
  await chmod(folder.path, 0o755);
  const file = folder.inside("mosquitto.conf");
  const text = [`listener ${port} 127.0.0.1`, "allow_anonymous true", ...lines].join("\n");
  await writeFile(file, `${text}\n`);
  await chmod(file, 0o644);
  const child = spawn("mosquitto", ["-c", file], { stdio: "ignore" });
  await eventually(async () => {
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect").finally(() => socket.destroy());
  });
  return {
    url: `mqtt://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(isSkipped)("with Mosquitto beside it, a device", () => {
  let broker: Awaited<ReturnType<typeof plainMosquitto>>;
  beforeAll(async () => {
    broker = await plainMosquitto(await freePort());
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test("answers a request of MQTT 5 at its response topic, with its correlation data", async () => {
    await using device = await localDevice({ url: broker.url, requests: {} });
    await using program = await localProgram(broker.url, ["mine/answers"], v5);
    await device.isOnline();
    const correlationData = Buffer.from([0, 1, 255]);

    await program.client.publishAsync("infer/digits/req", request("r1", [3, 4]), {
      properties: { responseTopic: "mine/answers", correlationData },
    });

    await eventually(() => program.heard.length === 1);
    const [answer] = program.heard;
    expect(answer?.properties).toMatchObject({ correlationData, contentType: "application/json" });
    expect(JSON.parse(String(answer?.payload))).toMatchObject({ id: "r1", model_version: "1.0.0" });
  });

  test("answers binary data of MQTT 5 in kind", async () => {
    await using device = await localDevice({ url: broker.url, requests: {} });
    await using program = await localProgram(broker.url, ["mine/answers"], v5);
    await device.isOnline();
    const tensor = { name: "x", datatype: "FP32", shape: [1, 2] };
    const head = JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: [{ ...tensor, parameters: { binary_data_size: 8 } }],
    });
    const floats = Buffer.from(new Float32Array([3, 4]).buffer);
    const userProperties = { "inference-header-content-length": String(head.length) };

    await program.client.publishAsync(
      "infer/digits/req",
      Buffer.concat([Buffer.from(head), floats]),
      { properties: { responseTopic: "mine/answers", userProperties } },
    );

    await eventually(() => program.heard.length === 1);
    const [answer] = program.heard;
    const length = Number(answer?.properties?.userProperties?.["inference-header-content-length"]);
    expect(answer?.properties?.contentType).toBe("application/octet-stream");
    expect(Buffer.from(answer?.payload ?? "").subarray(length)).toEqual(floats);
  });

  test.each([
    "5",
    "3.1.1",
  ])("by MQTT %s answers a program of 3.1.1 by its id, and a bound topic", async (version) => {
    const bindings = [{ input: "s/+/raw", output: "s/{1}/class", payload: { form: "json" } }];
    await using device = await localDevice({ url: broker.url, version, requests: {}, bindings });
    await using program = await localProgram(broker.url, ["infer/+/res/#", "s/+/class"]);
    await device.isOnline();

    await program.client.publishAsync("infer/digits/req", request("r9", [1, 2]));
    await program.client.publishAsync("s/a/raw", "[3, 4]");

    await eventually(() => program.heard.length === 2);
    expect(program.topics().sort()).toEqual(["infer/digits/res/r9", "s/a/class"]);
  });

  test("takes no retained message for a new one", async () => {
    const bindings = [{ input: "kept/+/raw", output: "kept/{1}/class", payload: { form: "json" } }];
    await using program = await localProgram(broker.url, ["kept/+/class"]);
    await program.client.publishAsync("kept/a/raw", "[1, 2]", { qos: 1, retain: true });

    await using device = await localDevice({ url: broker.url, bindings });
    await device.isOnline();
    await program.client.publishAsync("kept/b/raw", "[3, 4]", { qos: 1 });

    await eventually(() => program.heard.length > 0);
    expect(program.topics()).toEqual(["kept/b/class"]);
  });
});

describe.skipIf(isSkipped)("with a Mosquitto that takes small packets only, a device", () => {
  test("drops an answer that is too large instead of the connection", async () => {
    const port = await freePort();
    await using broker = await plainMosquitto(port, ["max_packet_size 400"]);
    await using device = await localDevice({ url: broker.url, requests: {} });
    await using program = await localProgram(broker.url, ["infer/+/res/#"], v5);
    await device.isOnline();
    // Three characters on the way here, ten on the way back.
    const data = Array.from({ length: 60 }, () => "1e9").join();
    const input = `{"name":"x","datatype":"FP32","shape":[30,2],"data":[${data}]}`;
    const many = `{"id":"many","inputs":[${input}]}`;

    await program.client.publishAsync("infer/digits/req", many);
    await program.client.publishAsync("infer/digits/req", request("few", [1, 2]));

    await eventually(() => program.heard.length === 2);
    const texts = new Map(program.heard.map(({ topic, payload }) => [topic, String(payload)]));
    expect(texts.get("infer/digits/res/many")).toContain("TOO_LARGE");
    expect(texts.get("infer/digits/res/few")).toContain('"data":[1,2]');
    expect(device.events.filter(({ event }) => event === "local.offline")).toEqual([]);
  });
});
