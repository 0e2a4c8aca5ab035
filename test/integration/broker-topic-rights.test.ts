import { expect, test } from "vitest";
import { embeddedBroker } from "../support/broker/embedded-broker.ts";
import { rightsMatrix } from "../support/broker/rights-matrix.ts";
import { runMatrix } from "../support/broker/run-matrix.ts";
import { eventually } from "../support/eventually.ts";
import { closeOf, connectDevice } from "../support/mqtt/device-client.ts";
import { startTestBroker } from "../support/mqtt/test-broker.ts";

const granted = 1;
const refused = 128;

test.each([
  { filter: "mf/1/d/cam-1/dn/#", code: granted },
  { filter: "mf/1/d/cam-1/dn/desired", code: granted },
  { filter: "mf/1/d/cam-1/dn/ack", code: granted },
  { filter: "mf/1/ctl/state", code: granted },
  { filter: "mf/1/d/cam-2/dn/#", code: refused },
  { filter: "mf/1/d/cam-2/dn/desired", code: refused },
  { filter: "mf/1/d/cam-1/up/#", code: refused },
  { filter: "mf/1/d/+/dn/desired", code: refused },
  { filter: "mf/1/d/cam-1/#", code: refused },
  { filter: "mf/1/d/cam-10/dn/#", code: refused },
  { filter: "mf/1/#", code: refused },
  { filter: "mf/1/ctl/+", code: refused },
  { filter: "#", code: refused },
  { filter: "+", code: refused },
  { filter: "$SYS/#", code: refused },
  { filter: "$share/group/mf/1/d/cam-1/dn/#", code: refused },
])("a subscription to $filter is answered with $code", async ({ filter, code }) => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);

  const answered = new Promise<unknown>((resolve) =>
    device.client.on("packetreceive", (packet) => {
      if (packet.cmd === "suback") resolve(packet.granted);
    }),
  );
  device.client.subscribe(filter, { qos: 1 }, () => undefined);

  expect(await answered).toEqual([code]);
  expect(device.client.connected).toBe(true);
});

test.each([
  { topic: "mf/1/d/cam-1/up/hello", retain: false },
  { topic: "mf/1/d/cam-1/up/report", retain: false },
  { topic: "mf/1/d/cam-1/up/tele", retain: false },
  { topic: "mf/1/d/cam-1/up/req/get-desired", retain: false },
  { topic: "mf/1/d/cam-1/up/online", retain: false },
  { topic: "mf/1/d/cam-1/up/online", retain: true },
])("a publish to $topic (retain $retain) reaches the application", async ({ topic, retain }) => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);

  await device.client.publishAsync(topic, "hello", { qos: 1, retain });

  await eventually(() => server.received.length === 1);
  expect(server.received[0]).toMatchObject({ topic: { device: "cam-1" }, text: "hello" });
});

test.each([
  { topic: "mf/1/d/cam-2/up/hello", retain: false },
  { topic: "mf/1/d/cam-10/up/hello", retain: false },
  { topic: "mf/1/d/cam-1/up/hello", retain: true },
  { topic: "mf/1/d/cam-1/up/report", retain: true },
  { topic: "mf/1/d/cam-1/up/unknown", retain: false },
  { topic: "mf/1/d/cam-1/up/hello/more", retain: false },
  { topic: "mf/1/d/cam-1/up", retain: false },
  { topic: "mf/1/d/cam-1/dn/desired", retain: false },
  { topic: "mf/1/ctl/state", retain: false },
  { topic: "mf/2/d/cam-1/up/hello", retain: false },
  { topic: "$SYS/x", retain: false },
  { topic: "$share/g/mf/1/d/cam-1/up/hello", retain: false },
])("a publish to $topic (retain $retain) closes the connection", async ({ topic, retain }) => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);
  const closed = closeOf(device.client);

  device.client.publish(topic, "x", { qos: 1, retain });

  await closed;
  expect(server.received).toEqual([]);
  expect(server.log.events).toContainEqual(
    expect.objectContaining({ event: "device.publish-refused", device: "cam-1" }),
  );
});

test("a retained presence of 1 KiB is taken, one byte more closes the connection", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url);
  const topic = "mf/1/d/cam-1/up/online";
  await device.client.publishAsync(topic, "x".repeat(1_024), { qos: 1, retain: true });
  const closed = closeOf(device.client);

  device.client.publish(topic, "x".repeat(1_025), { qos: 1, retain: true });

  await closed;
  expect(server.received).toHaveLength(1);
});

test("F56: whatever a client tries, it reaches its own topics and no others (embedded broker)", async () => {
  await using broker = await embeddedBroker();

  expect(new Set(rightsMatrix.map(({ name }) => name)).size).toBe(rightsMatrix.length);
  expect(rightsMatrix.length).toBeGreaterThanOrEqual(200);
  expect(await runMatrix(broker, rightsMatrix)).toEqual([]);
});
