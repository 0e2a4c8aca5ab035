import { once } from "node:events";
import { createServer } from "node:net";
import { controllerStateTopic, deviceTopics } from "@modelfleet/protocol";
import { Aedes } from "aedes";
import { expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { createMqttBus } from "../../agent/src/adapters/mqtt-bus/mqtt-bus.ts";
import { eventually } from "../support/eventually.ts";
import { fixtureDevice } from "../support/trust-fixtures.ts";

/** A broker without any rules, which keeps whatever it is told to keep. */
async function carelessBroker() {
  const broker = await Aedes.createBroker();
  const server = createServer((socket) => broker.handle(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  const say = (topic: string, text: string, retain: boolean) =>
    new Promise<void>((resolve) =>
      broker.publish(
        { cmd: "publish", dup: false, qos: 1, topic, payload: Buffer.from(text), retain },
        () => resolve(),
      ),
    );
  return {
    say,
    url: `mqtt://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

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

  await eventually(() => heard.includes("an order"));
  expect(heard.filter((text) => text.startsWith("an "))).toEqual(["an order"]);
  stop.abort();
  await done;
});
