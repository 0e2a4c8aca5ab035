import { type DeviceId, deviceTopics } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
} from "../support/controller/controller-world.ts";
import { runningMqttBus } from "../support/controller/running-mqtt-bus.ts";
import { eventually } from "../support/eventually.ts";
import { type CarelessBroker, carelessBroker } from "../support/mqtt/careless-broker.ts";

let world: ControllerWorld;
let broker: CarelessBroker;
let camera: DeviceId;
beforeEach(async () => {
  world = await controllerWorld({ mayLose: true });
  camera = (await enrolled(world)).id;
  broker = await carelessBroker();
});
afterEach(async () => {
  await broker[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const isOnline = async () => (await world.showDevice.run(camera)).online;
const comeOnline = () =>
  broker.say(
    deviceTopics(camera).up("online"),
    JSON.stringify({ v: 1, boot: 1, online: true, reason: "" }),
    true,
  );
const connect = (awayMsMax: number) =>
  runningMqttBus(broker.url, { awayMsMax, presence: world.trackPresence });

test("nobody is said to be online behind a broker that is away, until it tells it again", async () => {
  await using on = connect(20);
  await comeOnline();
  await eventually(isOnline);

  await broker[Symbol.asyncDispose]();
  await eventually(async () => !(await isOnline()));
  expect(on.named("broker.presence-unknown")).toMatchObject([{ level: "warn" }]);

  broker = await carelessBroker(broker.port);
  await comeOnline();
  await eventually(isOnline);
  expect(on.connections()).toBe(2);
});

test("a broker that is away for a moment takes nobody offline", async () => {
  await using on = connect(3_600_000);
  await comeOnline();
  await eventually(isOnline);

  await broker[Symbol.asyncDispose]();
  await eventually(() => on.reasons().length >= 3);

  expect(await isOnline()).toBe(true);
  expect(on.named("broker.presence-unknown")).toEqual([]);
});
