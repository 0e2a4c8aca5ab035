import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import { connectPacket, rawConnection } from "../support/mqtt/raw-connection.ts";
import { cam1, goodSecret, startTestBroker } from "../support/mqtt/test-broker.ts";

test("a device with its own id as client id and user name, and its secret, gets in", async () => {
  await using server = await startTestBroker();

  await using device = await connectDevice(server.url);

  expect(device.client.connected).toBe(true);
});

test.each([
  { what: "a wrong secret", options: { password: "wrong" }, code: 4 },
  { what: "no secret", options: { password: "" }, code: 4 },
  { what: "another user name", options: { username: "cam-2" }, code: 4 },
  { what: "the client id +", options: { id: "+" }, code: 2 },
  { what: "the client id #", options: { id: "#" }, code: 2 },
  { what: "a client id with a slash", options: { id: "a/b" }, code: 2 },
  { what: "a client id of 2 characters", options: { id: "ab" }, code: 2 },
  { what: "a client id of 65 characters", options: { id: "a".repeat(65) }, code: 2 },
  { what: "a client id with a capital", options: { id: "Cam-1" }, code: 2 },
  { what: "an inherited name as client id", options: { id: "__proto__" }, code: 2 },
])("$what is refused with return code $code", async ({ options, code }) => {
  await using server = await startTestBroker();

  await expect(connectDevice(server.url, { ...options })).rejects.toMatchObject({ code });

  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "device.login-refused" }),
  );
});

test.each([
  { what: "an empty client id", id: "" },
  { what: "a client id with NUL", id: "cam\u00001" },
])("$what is refused", async ({ id }) => {
  await using server = await startTestBroker();
  await using stranger = await rawConnection(server.port);

  stranger.socket.write(connectPacket(id, goodSecret));

  await eventually(() => stranger.socket.closed);
});

test("no user name is refused with return code 4", async () => {
  await using server = await startTestBroker();

  await expect(
    connectDevice(server.url, { username: undefined, password: undefined }),
  ).rejects.toMatchObject({ code: 4 });
});

test("MQTT 5 is refused with its return code, not with silence", async () => {
  await using server = await startTestBroker();

  await expect(connectDevice(server.url, { protocolVersion: 5 })).rejects.toMatchObject({
    code: 1,
  });
});

test.each([
  { what: "of another device", topic: "mf/1/d/cam-2/up/online", retain: true },
  { what: "on a topic of the controller", topic: "mf/1/ctl/state", retain: true },
  { what: "on $SYS", topic: "$SYS/x", retain: false },
  {
    what: "with retain where only presence is retained",
    topic: "mf/1/d/cam-1/up/report",
    retain: true,
  },
])("a will $what is refused with return code 5", async ({ topic, retain }) => {
  await using server = await startTestBroker();
  const will = { topic, retain, payload: Buffer.from("x"), qos: 1 } as const;

  await expect(connectDevice(server.url, { will })).rejects.toMatchObject({ code: 5 });
});

test("the will of a device that breaks off reaches the application", async () => {
  await using server = await startTestBroker();
  const will = {
    topic: "mf/1/d/cam-1/up/online",
    retain: true,
    payload: Buffer.from("gone"),
    qos: 1,
  } as const;
  await using device = await connectDevice(server.url, { will });

  device.client.stream.destroy();

  await eventually(() => server.received.some(({ text }) => text === "gone"));
});

test("a second connection of the same device closes the first", async () => {
  await using server = await startTestBroker();
  await using first = await connectDevice(server.url);

  await using second = await connectDevice(server.url);

  await eventually(() => !first.client.connected);
  expect(second.client.connected).toBe(true);
});

test("a refused login with the same id leaves the first connection alone", async () => {
  await using server = await startTestBroker();
  await using first = await connectDevice(server.url);

  await expect(connectDevice(server.url, { password: "wrong" })).rejects.toBeDefined();

  await first.client.publishAsync("mf/1/d/cam-1/up/hello", "still here", { qos: 1 });
  expect(server.received.map(({ text }) => text)).toContain("still here");
  await server.broker.publishDesired(cam1, Buffer.from("x"));
});

test("the controller can close the connection of one device", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);
  await using other = await connectDevice(server.url, { id: "cam-2" });

  await server.broker.disconnect(cam1);

  await eventually(() => !device.client.connected);
  expect(other.client.connected).toBe(true);
});
