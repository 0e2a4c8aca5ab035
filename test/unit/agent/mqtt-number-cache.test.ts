import mqttPacket from "mqtt-packet";
import { expect, test } from "vitest";
import { leaveNumbersUncached } from "../../../agent/src/adapters/mqtt-bus/number-cache.ts";

test("packets are the same without the cache of numbers, which is not filled", () => {
  leaveNumbersUncached();
  expect(Reflect.get(mqttPacket.writeToStream, "cacheNumbers")).toBe(false);

  const uncached = mqttPacket.generate({ cmd: "puback", messageId: 513 });

  expect([...uncached]).toEqual([0x40, 2, 2, 1]);
});
