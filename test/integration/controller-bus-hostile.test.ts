import { busLimits, deviceTopics } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runningMqttBus } from "../support/controller/running-mqtt-bus.ts";
import { eventually } from "../support/eventually.ts";
import { type CarelessBroker, carelessBroker } from "../support/mqtt/careless-broker.ts";
import {
  fatalPackets,
  foreignMessages,
  type NamedPacket,
  qos2Message,
} from "../support/mqtt/hostile-packets.ts";
import { muteBroker } from "../support/mqtt/mute-broker.ts";
import { fixedHeader, publishPacket } from "../support/mqtt/raw-connection.ts";
import { cam1 } from "../support/mqtt/test-broker.ts";
import { type TreacherousRelay, treacherousRelay } from "../support/mqtt/treacherous-relay.ts";

const tele = deviceTopics(cam1).up("tele");

test("a broker that answers pings and acknowledges nothing is left for another connection", async () => {
  await using broker = await muteBroker();
  await using on = runningMqttBus(broker.url, { ackMsMax: 20 });

  await eventually(() => on.reasons().length >= 3);

  expect(new Set(on.reasons())).toEqual(
    new Set(["expected the broker's acknowledgement within 20 ms, got none"]),
  );
  await expect(on.bus.ping()).rejects.toMatchObject({ code: "OFFLINE" });
});

test("a broker that takes a message and never says so is left, and nobody waits for it any more", async () => {
  await using broker = await muteBroker({ acknowledgesTopics: true });
  await using on = runningMqttBus(broker.url, { ackMsMax: 50 });
  await eventually(() =>
    on.bus.ping().then(
      () => true,
      () => false,
    ),
  );

  await on.bus.publishDesired(cam1, new Uint8Array([1]));

  await eventually(() => broker.logins.length >= 2);
});

test("what finds too many waiting for the broker is not sent, and the log says so", async () => {
  await using broker = await muteBroker({ acknowledgesTopics: true });
  await using on = runningMqttBus(broker.url);
  await eventually(() =>
    on.bus.ping().then(
      () => true,
      () => false,
    ),
  );
  const send = () => on.bus.publishDesired(cam1, new Uint8Array([1]));
  // The controller's own state waits too.
  for (let count = 1; count < busLimits.deliveriesMax; count += 1) void send();
  const before = on.named("broker.message-unsent").length;

  await send();

  expect(before).toBe(0);
  expect(on.named("broker.message-unsent")).toMatchObject([{ level: "warn", count: 1 }]);
});

describe("a broker that betrays", () => {
  let broker: CarelessBroker;
  let relay: TreacherousRelay;
  beforeEach(async () => {
    broker = await carelessBroker();
    relay = await treacherousRelay(() => broker.port);
  });
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  async function connectedBus() {
    const on = runningMqttBus(`mqtt://127.0.0.1:${relay.port}`);
    await eventually(() => on.connections() === 1);
    return on;
  }

  test("a stop is not held up by a broker that acknowledges nothing", async () => {
    const on = await connectedBus();
    relay.swallow(true);

    await on[Symbol.asyncDispose]();

    relay.swallow(false);
    await expect(on.bus.ping()).rejects.toMatchObject({ code: "OFFLINE" });
  });

  test("a message of QoS 2, which MQTT.js would keep, ends the connection", async () => {
    await using on = await connectedBus();

    relay.inject(qos2Message(tele));

    await eventually(() => on.connections() === 2);
    expect(on.reasons()[0]).toContain("QoS 0 or 1");
    expect(on.heard).toEqual([]);
  });

  test("a packet of 256 MB ends the connection at its header", async () => {
    await using on = await connectedBus();

    relay.inject(fixedHeader(0x30, 268_435_455));
    const taken = await relay.flood(64 * 1_024 * 1_024);

    await eventually(() => on.connections() === 2);
    expect(on.reasons()[0]).toContain(`at most ${busLimits.packetBytesMax} bytes`);
    // What the two kernels hold between them, and not what was announced.
    expect(taken).toBeLessThan(16 * 1_024 * 1_024);
  });

  test("of what it kept from before, presence is taken, and neither telemetry nor a hello", async () => {
    await broker.say(tele, "old", true);
    await broker.say(deviceTopics(cam1).up("hello"), "old", true);
    await broker.say(deviceTopics(cam1).up("online"), "here", true);

    await using on = await connectedBus();
    await broker.say(tele, "new");
    await eventually(() => on.heard.includes("cam-1 tele new"));

    expect(on.heard).toEqual(["cam-1 online here", "cam-1 tele new"]);
  });

  test.each(
    fatalPackets,
  )("%s ends the connection, and the next one is whole", async (_what, bytes) => {
    await using on = await connectedBus();

    relay.inject(bytes);
    await eventually(() => on.connections() === 2);
    relay.inject(publishPacket(tele, Buffer.from("after")));

    await eventually(() => on.heard.includes("cam-1 tele after"));
  });

  test.each<NamedPacket>([
    ...foreignMessages(tele),
    ["what the controller itself says", publishPacket(deviceTopics(cam1).ack, Buffer.from("a"))],
  ])("%s is nothing to the controller", async (_what, bytes) => {
    await using on = await connectedBus();

    relay.inject(bytes);
    relay.inject(publishPacket(tele, Buffer.from("after")));

    await eventually(() => on.heard.length > 0 || on.connections() > 1);
    expect(on.heard.filter((text) => text !== "cam-1 tele after")).toEqual([]);
  });
});
