import { busLimits, FormatError } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { closeOf, connectDevice } from "../support/mqtt/device-client.ts";
import { cam1, cam2, startTestBroker } from "../support/mqtt/test-broker.ts";

test("a desired document reaches the device it is for, byte for byte, and no other", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);
  await using other = await connectDevice(server.url, { id: "cam-2" });
  await device.client.subscribeAsync("mf/1/d/cam-1/dn/#", { qos: 1 });
  await other.client.subscribeAsync("mf/1/d/cam-2/dn/#", { qos: 1 });

  await server.broker.publishDesired(cam1, Buffer.from("signed"));
  await server.broker.publishAck(cam2, { v: 1, stream: "tele", boot: 3, seq: 9 });

  await eventually(() => device.messages.length === 1 && other.messages.length === 1);
  expect(device.messages).toEqual([
    { topic: "mf/1/d/cam-1/dn/desired", text: "signed", retain: false },
  ]);
  expect(JSON.parse(other.messages[0]?.text ?? "")).toEqual({
    v: 1,
    stream: "tele",
    boot: 3,
    seq: 9,
  });
});

test("a message for a device that is away is not kept: it asks again when it comes back", async () => {
  await using server = await startTestBroker();
  const options = { clean: false } as const;
  const before = await connectDevice(server.url, options);
  await before.client.subscribeAsync("mf/1/d/cam-1/dn/#", { qos: 1 });
  await before[Symbol.asyncDispose]();
  await server.broker.publishDesired(cam1, Buffer.from("missed"));

  await using after = await connectDevice(server.url, options);
  await after.client.subscribeAsync("mf/1/d/cam-1/dn/#", { qos: 1 });
  await server.broker.publishDesired(cam1, Buffer.from("fresh"));

  await eventually(() => after.messages.length > 0);
  expect(after.messages.map(({ text }) => text)).toEqual(["fresh"]);
});

test("the controller's presence is retained, and every start has its own epoch", async () => {
  const epochs = new Set<unknown>();
  for (let start = 0; start < 2; start += 1) {
    await using server = await startTestBroker();
    await using device = await connectDevice(server.url);
    await device.client.subscribeAsync("mf/1/ctl/state", { qos: 1 });
    await eventually(() => device.messages.length === 1);
    const state = JSON.parse(device.messages[0]?.text ?? "") as Record<string, unknown>;
    expect(state).toMatchObject({ v: 1, online: true, protocol: [1] });
    expect(device.messages[0]?.retain).toBe(true);
    epochs.add(state["epoch"]);
  }
  expect(epochs.size).toBe(2);
});

test("a broker that stops says so, closes every connection and lets what arrived be finished", async () => {
  const server = await startTestBroker();
  await using device = await connectDevice(server.url);
  await device.client.subscribeAsync("mf/1/ctl/state", { qos: 1 });
  const closed = closeOf(device.client);

  await server.broker[Symbol.asyncDispose]();

  await closed;
  expect(JSON.parse(device.messages.at(-1)?.text ?? "")).toMatchObject({ online: false });
  await expect(connectDevice(server.url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a second broker on the same port is refused by a code, and the first goes on", async () => {
  await using first = await startTestBroker();

  await expect(startTestBroker({ port: first.port })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringMatching(
      new RegExp(`expected port ${first.port} to be free.*another controller.*--mqtt-port`),
    ) as string,
  });

  await using device = await connectDevice(first.url);
  expect(device.client.connected).toBe(true);
});

test("messages of one device are taken in one after the other, in their order", async () => {
  let running = 0;
  let most = 0;
  await using server = await startTestBroker({
    receive: async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    },
  });
  await using device = await connectDevice(server.url);

  for (let index = 0; index < 50; index += 1) {
    device.client.publish("mf/1/d/cam-1/up/tele", String(index), { qos: 1 });
  }

  await eventually(() => server.received.length === 50);
  expect(most).toBe(1);
  expect(server.received.map(({ text }) => Number(text))).toEqual([...Array(50).keys()]);
});

test("a message the application refuses is logged by its code, and the next one is taken", async () => {
  await using server = await startTestBroker({
    receive: (topic) =>
      topic.kind === "stream" && topic.stream === "hello"
        ? Promise.reject(new FormatError("FORMAT", "expected an envelope, got nonsense"))
        : Promise.resolve(),
  });
  await using device = await connectDevice(server.url);

  await device.client.publishAsync("mf/1/d/cam-1/up/hello", "nonsense", { qos: 1 });
  await device.client.publishAsync("mf/1/d/cam-1/up/report", "fine", { qos: 1 });

  await eventually(() => server.received.length === 2);
  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "device.message-refused", device: "cam-1", reason: "FORMAT" }),
  );
});

test("answers from inside a message flow even when every device speaks at once", async () => {
  const answers: Promise<void>[] = [];
  await using server = await startTestBroker({
    receive: async (topic) => {
      const answer = server.broker.publishDesired(topic.device, Buffer.from("answer"));
      answers.push(answer);
      await answer;
    },
  });
  await using stack = new AsyncDisposableStack();
  const devices = await Promise.all(
    [...Array(30).keys()].map(async (index) => {
      const device = stack.use(await connectDevice(server.url, { id: `cam-${index + 10}` }));
      await device.client.subscribeAsync(`mf/1/d/cam-${index + 10}/dn/#`, { qos: 1 });
      return device;
    }),
  );

  for (const { client } of devices) {
    for (let count = 0; count < 40; count += 1) {
      client.publish(`mf/1/d/${client.options.clientId ?? ""}/up/hello`, "hello", { qos: 0 });
    }
  }

  await eventually(
    () => answers.length === 1_200 && devices.every((device) => device.messages.length === 40),
    {
      withinMs: 15_000,
    },
  );
});

test("a device with too many waiting messages is cut off and loses nothing between two that are taken in", async () => {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await using server = await startTestBroker({ receive: () => held });
  await using device = await connectDevice(server.url);
  const closed = closeOf(device.client);

  for (let index = 0; index <= busLimits.inboxMessagesMax; index += 1) {
    device.client.publish("mf/1/d/cam-1/up/tele", String(index), { qos: 1 });
  }
  await closed;
  letGo();

  await eventually(() => server.received.length === busLimits.inboxMessagesMax);
  expect(server.received.map(({ text }) => Number(text))).toEqual([
    ...Array(busLimits.inboxMessagesMax).keys(),
  ]);
  await using again = await connectDevice(server.url);
  await again.client.publishAsync("mf/1/d/cam-1/up/tele", "again", { qos: 1 });
  await eventually(() => server.received.at(-1)?.text === "again");
});
