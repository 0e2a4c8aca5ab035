import { expect, test } from "vitest";
import { deferred } from "../support/agent/deferred.ts";
import { eventually } from "../support/eventually.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import { cam1, startTestBroker } from "../support/mqtt/test-broker.ts";

const presence = "mf/1/d/cam-1/up/online";
const will = { topic: presence, retain: true, payload: Buffer.from("gone"), qos: 1 } as const;

test("a device that is expelled is cut off, its will is not said, and the others stay", async () => {
  await using server = await startTestBroker();
  await using device = await connectDevice(server.url, { will });
  await using other = await connectDevice(server.url, { id: "cam-2" });
  await device.client.publishAsync(presence, "here", { qos: 1, retain: true });

  await server.broker.expel(cam1);

  await eventually(() => !device.client.connected);
  await other.client.publishAsync("mf/1/d/cam-2/up/hello", "after", { qos: 1 });
  await eventually(() => server.received.some(({ text }) => text === "after"));
  expect(server.received.map(({ text }) => text)).toEqual(["here", "after"]);
  expect(other.client.connected).toBe(true);
});

test("a login that was under way while it was expelled is worth nothing", async () => {
  const [asked, judged] = [deferred<string>(), deferred<boolean>()];
  await using server = await startTestBroker({
    authenticate: (device) => {
      asked.resolve(device);
      return judged.promise;
    },
  });
  const connecting = connectDevice(server.url, { will });
  expect(await asked.promise).toBe("cam-1");

  await server.broker.expel(cam1);
  judged.resolve(true);

  await using device = await connecting;
  await eventually(() => !device.client.connected);
  expect(server.received).toEqual([]);
});

test("a device that logs in later is judged as every other", async () => {
  await using server = await startTestBroker();
  await server.broker.expel(cam1);

  await using device = await connectDevice(server.url);
  await device.client.publishAsync("mf/1/d/cam-1/up/hello", "back", { qos: 1 });

  await eventually(() => server.received.some(({ text }) => text === "back"));
});
