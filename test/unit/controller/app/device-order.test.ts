import { controllerLimits, DeviceId } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { DeviceOrder } from "../../../../controller/src/app/ingest/device-order.ts";
import { refused } from "../../../support/controller/refused.ts";

const one = DeviceId.parse("cam-0017");
const two = DeviceId.parse("cam-0018");

test("messages of one device are taken one at a time, in the order they came", async () => {
  const order = new DeviceOrder();
  const gate = Promise.withResolvers<undefined>();
  const done: string[] = [];

  const first = order.run(one, async () => {
    await gate.promise;
    done.push("first");
  });
  const second = order.run(one, () => Promise.resolve(done.push("second")));
  await order.run(two, () => Promise.resolve(done.push("other device")));
  gate.resolve(undefined);
  await Promise.all([first, second]);

  expect(done).toEqual(["other device", "first", "second"]);
});

test("a message that fails does not stop the next", async () => {
  const order = new DeviceOrder();

  const failed = order.run(one, () => Promise.reject(new Error("disk")));
  const next = order.run(one, () => Promise.resolve("taken"));

  await expect(failed).rejects.toThrow("disk");
  expect(await next).toBe("taken");
});

test("a device with too many waiting messages is told so, and the others are not", async () => {
  const order = new DeviceOrder();
  const gate = Promise.withResolvers<undefined>();
  const waiting = Array.from({ length: controllerLimits.messagesWaitingPerDeviceMax }, () =>
    order.run(one, () => gate.promise),
  );

  expect((await refused(order.run(one, () => Promise.resolve()))).code).toBe("BUSY");
  expect(await order.run(two, () => Promise.resolve("taken"))).toBe("taken");

  gate.resolve(undefined);
  await Promise.all(waiting);
  expect(await order.run(one, () => Promise.resolve("taken"))).toBe("taken");
});
