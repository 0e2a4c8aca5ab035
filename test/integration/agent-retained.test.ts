import { controllerStateTopic, deviceTopics } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { createMqttBus } from "../../agent/src/adapters/mqtt-bus/mqtt-bus.ts";
import { eventually } from "../support/eventually.ts";
import { carelessBroker } from "../support/mqtt/careless-broker.ts";
import { fixtureDevice } from "../support/trust-fixtures.ts";

test("a device takes nothing retained but the controller's presence", async () => {
  await using broker = await carelessBroker();
  const { desired, ack } = deviceTopics(fixtureDevice);
  await broker.say(desired, "an old order", true);
  await broker.say(ack, "an old ack", true);
  await broker.say(controllerStateTopic, "presence", true);
  const heard: string[] = [];
  const hear = (bytes: Uint8Array) => void heard.push(new TextDecoder().decode(bytes));
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const bus = createMqttBus({
    ...{ brokerUrl: broker.url, device: fixtureDevice, secret: "x", boot: 1 },
    ...{ clock: systemClock, log: quiet },
  });
  const stop = new AbortController();
  const listener = {
    ...{ connected: () => undefined, disconnected: () => undefined },
    ...{ desired: hear, acknowledged: hear, controllerState: hear },
  };
  const done = bus.run(listener, stop.signal);
  await eventually(() => bus.connected());

  await broker.say(desired, "an order", false);

  await eventually(() => heard.length === 2);
  expect(heard.toSorted()).toEqual(["an order", "presence"]);
  stop.abort();
  await done;
});
