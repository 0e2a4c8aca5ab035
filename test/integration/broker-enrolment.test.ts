import { busLimits, enrolClientId, enrolTopics } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { closeOf, connectDevice } from "../support/mqtt/device-client.ts";
import { startTestBroker } from "../support/mqtt/test-broker.ts";

const idOf = (digit: number) => enrolClientId(digit.toString(16).padStart(32, "0"));
const guest = { id: idOf(1), username: "enrol", password: "enrol" };
const topics = enrolTopics(idOf(1));

test("a device without a credential asks once and gets its answer", async () => {
  await using server = await startTestBroker({
    enrol: (question) => Promise.resolve(Buffer.from(`to ${Buffer.from(question).toString()}`)),
  });
  await using device = await connectDevice(server.url, guest);
  await device.client.subscribeAsync(topics.answer, { qos: 1 });

  await device.client.publishAsync(topics.request, "a question", { qos: 1 });

  await eventually(() => device.messages.length > 0);
  expect(device.messages).toEqual([{ topic: topics.answer, text: "to a question", retain: false }]);
});

test("a second question ends the connection and is not heard", async () => {
  const heard: string[] = [];
  await using server = await startTestBroker({
    enrol: (question) => {
      heard.push(Buffer.from(question).toString());
      return Promise.resolve(question);
    },
  });
  await using device = await connectDevice(server.url, guest);
  await device.client.publishAsync(topics.request, "first", { qos: 1 });

  const closed = closeOf(device.client);
  device.client.publish(topics.request, "second", { qos: 1 });

  await closed;
  expect(heard).toEqual(["first"]);
});

test("without a password it gets in too: the embedded broker does not look at it", async () => {
  await using server = await startTestBroker();

  await using device = await connectDevice(server.url, { ...guest, password: undefined });

  expect(device.client.connected).toBe(true);
});

test.each([
  { what: "another user name", options: { username: idOf(1) }, code: 4 },
  { what: "an id of 31 digits", options: { id: idOf(1).slice(0, -1) }, code: 2 },
  { what: "an id with a capital", options: { id: `enrol.${"A".repeat(32)}` }, code: 2 },
  { what: "an id with a wildcard", options: { id: `enrol.${"+".repeat(32)}` }, code: 2 },
  { what: "the user name as id", options: { id: "enrol" }, code: 2 },
])("one that enrols with $what is refused with return code $code", async ({ options, code }) => {
  await using server = await startTestBroker();

  await expect(connectDevice(server.url, { ...guest, ...options })).rejects.toMatchObject({ code });
});

test("one that enrols has no will, not even on its own topic", async () => {
  await using server = await startTestBroker();
  const will = { topic: topics.request, payload: Buffer.from("x"), qos: 1 } as const;

  await expect(connectDevice(server.url, { ...guest, will })).rejects.toMatchObject({ code: 5 });
});

test.each([
  ["the question of another", enrolTopics(idOf(2)).request, {}],
  ["its own answer", topics.answer, {}],
  ["its question, retained", topics.request, { retain: true }],
  ["a device's presence", "mf/1/d/cam-1/up/online", {}],
  ["the controller's presence", "mf/1/ctl/state", {}],
  ["a level below its question", `${topics.request}/x`, {}],
])("one that enrols cannot publish %s", async (_what, topic, options) => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url, guest);

  const closed = closeOf(device.client);
  device.client.publish(topic, "x", { qos: 1, ...options });

  await closed;
  expect(server.received).toEqual([]);
});

test.each([
  ["the answer of another", enrolTopics(idOf(2)).answer],
  ["all answers", "mf/1/prov/+/res"],
  ["its question", topics.request],
  ["the controller's presence", "mf/1/ctl/state"],
  ["a device's topics", "mf/1/d/cam-1/dn/#"],
  ["everything", "#"],
  ["a shared subscription", `$share/g/${topics.answer}`],
])("one that enrols cannot subscribe to %s", async (_what, topic) => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url, guest);

  const granted = await device.client.subscribeAsync(topic).catch(() => [{ qos: 128 }]);

  expect(granted).toMatchObject([{ qos: 128 }]);
});

test("a device cannot listen to enrolments or ask one", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);

  for (const topic of [topics.answer, topics.request, "mf/1/prov/#"]) {
    const granted = await device.client.subscribeAsync(topic).catch(() => [{ qos: 128 }]);
    expect(granted).toMatchObject([{ qos: 128 }]);
  }
  const closed = closeOf(device.client);
  device.client.publish(topics.request, "x", { qos: 1 });
  await closed;
});

test("one address holds as many connections that enrol as it may, and gets a place back", async () => {
  await using server = await startTestBroker();
  const connect = (digit: number) => connectDevice(server.url, { ...guest, id: idOf(digit) });
  const guests = await Promise.all(
    Array.from({ length: busLimits.enrolConnectionsPerAddressMax }, (_, i) => connect(i + 1)),
  );

  await expect(connect(99)).rejects.toMatchObject({ code: 3 });
  await guests[0]?.[Symbol.asyncDispose]();

  await using late = await eventually(() => connect(99));
  expect(late.client.connected).toBe(true);
  for (const other of guests) await other[Symbol.asyncDispose]();
});

test("a connection that enrols ends by itself after its time, whatever it did", async () => {
  await using server = await startTestBroker({ rules: { enrolConnectionMsMax: 50 } });
  await using device = await connectDevice(server.url);
  await using idle = await connectDevice(server.url, guest);

  await closeOf(idle.client);

  expect(device.client.connected).toBe(true);
});

test("nobody takes the place of one that enrols", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url, guest);

  await expect(connectDevice(server.url, guest)).rejects.toMatchObject({ code: 3 });
  expect(device.client.connected).toBe(true);
});

test("devices are not kept out by those that enrol", async () => {
  await using server = await startTestBroker();
  await using enrolling = await connectDevice(server.url, guest);

  await using device = await connectDevice(server.url);

  expect([enrolling.client.connected, device.client.connected]).toEqual([true, true]);
});
