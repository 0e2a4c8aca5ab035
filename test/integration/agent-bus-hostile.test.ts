import { getEventListeners, once } from "node:events";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { busLimits, deviceTopics } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { createMqttBus, type MqttBusOptions } from "../../agent/src/adapters/mqtt-bus/mqtt-bus.ts";
import { serverCertificate } from "../support/broker/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type CarelessBroker, carelessBroker } from "../support/mqtt/careless-broker.ts";
import { fatalPackets, foreignMessages, qos2Message } from "../support/mqtt/hostile-packets.ts";
import { muteBroker } from "../support/mqtt/mute-broker.ts";
import { fixedHeader, publishPacket } from "../support/mqtt/raw-connection.ts";
import { type TreacherousRelay, treacherousRelay } from "../support/mqtt/treacherous-relay.ts";
import { fixtureDevice } from "../support/trust-fixtures.ts";

const { desired } = deviceTopics(fixtureDevice);

/** A bus whose pauses are kept and not waited for; `end` once it is enough. */
function runningBus(brokerUrl: string, changes: Partial<MqttBusOptions> = {}, chance = () => 0.5) {
  const offline: Readonly<Record<string, unknown>>[] = [];
  const heard: string[] = [];
  let connections = 0;
  const quiet = () => undefined;
  const warn: MqttBusOptions["log"]["warn"] = (event) => void offline.push(event);
  const bus = createMqttBus({
    ...{ brokerUrl, device: fixtureDevice, secret: "a secret", boot: 1 },
    clock: { ...systemClock, chance, sleep: (_ms, signal) => systemClock.sleep(1, signal) },
    log: { info: quiet, warn, error: quiet },
    ...changes,
  });
  const stop = new AbortController();
  const done = bus.run(
    {
      connected: () => {
        connections += 1;
      },
      disconnected: quiet,
      desired: (bytes) => void heard.push(new TextDecoder().decode(bytes)),
      ...{ acknowledged: quiet, controllerState: quiet },
    },
    stop.signal,
  );
  return {
    ...{ bus, offline, heard },
    connections: () => connections,
    stop,
    reasons: () => offline.map((event) => String(event["reason"])),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

test("F63: without a broker the pauses double up to their limit, each with full jitter", async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  await using longest = runningBus(url, {}, () => 1);
  await using shortest = runningBus(url, {}, () => 0);

  await eventually(() => Math.min(longest.offline.length, shortest.offline.length) >= 9);

  const most = longest.offline.slice(0, 9).map((event) => event["delayMs"]);
  expect(most).toEqual([2, 4, 8, 16, 32, 64, 120, 120, 120].map((seconds) => seconds * 1_000));
  const least = new Set(shortest.offline.map((event) => event["delayMs"]));
  expect([...least]).toEqual([busLimits.reconnectMsMin]);
  expect(longest.reasons()[0]).toContain("ECONNREFUSED");
});

test("F63: a port that accepts and says nothing is given up in time, again and again", async () => {
  const server = createServer((socket) => socket.on("error", () => undefined));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await using on = runningBus(`mqtt://127.0.0.1:${port}`, { connectMsMax: 50 });

  await eventually(() => on.offline.length >= 3);

  expect(new Set(on.reasons())).toEqual(new Set(["connack timeout"]));
  expect(on.connections()).toBe(0);
  server.close();
});

test("F63: a broker whose certificate has expired is never told the password", async () => {
  const past = { validFromMs: Date.now() - 172_800_000, validUntilMs: Date.now() - 1_000 };
  const { cert, key } = await serverCertificate(past);
  let bytes = 0;
  const server = createTlsServer({ cert, key }, (socket) => {
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.on("error", () => undefined);
  });
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const tls = () => ({ ca: cert, cert: undefined, key: undefined });
  await using on = runningBus(`mqtts://localhost:${port}`, { tls });

  await eventually(() => on.offline.length >= 3);

  expect(on.reasons()[0]).toMatch(/certificate has expired/);
  expect(bytes).toBe(0);
  server.close();
});

test("F63: a broker that answers pings and acknowledges nothing is left for another connection", async () => {
  await using broker = await muteBroker();
  await using on = runningBus(broker.url, { ackMsMax: 20 });

  await eventually(() => on.offline.length >= 3);

  expect(new Set(on.reasons())).toEqual(
    new Set(["expected the broker's acknowledgement within 20 ms, got none"]),
  );
  expect(on.connections()).toBe(0);
});

test("F63: a broker that takes a message and never says so is left, and the message has failed", async () => {
  await using broker = await muteBroker({ acknowledgesTopics: true });
  await using on = runningBus(broker.url, { ackMsMax: 50 });
  await eventually(() => on.bus.connected());

  await expect(on.bus.publish("report", new Uint8Array([1]))).rejects.toMatchObject({
    code: "OFFLINE",
  });
  await eventually(() => broker.logins.length >= 2);
});

test("a stop during a pause ends it, and no connection is tried any more", async () => {
  await using broker = await muteBroker({ levels: [] });
  const sleep: MqttBusOptions["clock"]["sleep"] = (_ms, signal) =>
    systemClock.sleep(3_600_000, signal);
  const clock = { ...systemClock, sleep };
  const on = runningBus(broker.url, { clock });
  await eventually(() => on.offline.length === 1);

  await on[Symbol.asyncDispose]();

  expect(broker.logins).toHaveLength(1);
});

test("connections that fail or end leave nothing behind on the signal that would stop them", async () => {
  await using broker = await muteBroker({ levels: [] });
  await using failing = runningBus(broker.url);
  await using other = await muteBroker();
  await using ending = runningBus(other.url, { ackMsMax: 1 });

  await eventually(() => Math.min(failing.offline.length, ending.offline.length) >= 20);

  for (const { stop } of [failing, ending]) {
    // Of the pause or the connection that there is now.
    expect(getEventListeners(stop.signal, "abort").length).toBeLessThanOrEqual(2);
  }
});

test("however many messages are on their way, nobody is warned of listeners", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  await using broker = await carelessBroker();
  await using on = runningBus(broker.url);
  await eventually(() => on.connections() === 1);

  const sent = Array.from({ length: 64 }, (_, i) => on.bus.publish("tele", new Uint8Array([i])));
  await Promise.all(sent);
  process.off("warning", warned);

  expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
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

  async function connectedBus(changes: Partial<MqttBusOptions> = {}) {
    const on = runningBus(`mqtt://127.0.0.1:${relay.port}`, changes);
    await eventually(() => on.connections() === 1);
    return on;
  }

  test("F63: behind a line that broke without a word, a message fails, and the connection is given up", async () => {
    await using on = await connectedBus({ keepaliveSeconds: 1, connectMsMax: 200 });

    relay.swallow(true);
    const lost = on.bus.publish("hello", new Uint8Array([1]));
    await expect(lost).rejects.toMatchObject({ code: "OFFLINE" });
    await eventually(() => on.reasons().includes("connack timeout"));
    relay.swallow(false);

    expect(on.reasons()[0]).toBe("Keepalive timeout");
    await eventually(() => on.connections() === 2);
  });

  test("F63: a stop is not held up by a broker that acknowledges nothing", async () => {
    const on = await connectedBus();
    relay.swallow(true);

    await on[Symbol.asyncDispose]();

    relay.swallow(false);
    expect(on.bus.connected()).toBe(false);
  });

  test("F63: a message of QoS 2, which MQTT.js would keep, ends the connection", async () => {
    await using on = await connectedBus();

    relay.inject(qos2Message(desired));

    await eventually(() => on.connections() === 2);
    expect(on.reasons()[0]).toContain("QoS 0 or 1");
    expect(on.heard).toEqual([]);
  });

  test("F63: a packet of 256 MB ends the connection at its header", async () => {
    await using on = await connectedBus();

    relay.inject(fixedHeader(0x30, 268_435_455));
    const taken = await relay.flood(64 * 1_024 * 1_024);

    await eventually(() => on.connections() === 2);
    expect(on.reasons()[0]).toContain(`at most ${busLimits.packetBytesMax} bytes`);
    // What the two kernels hold between them, and not what was announced.
    expect(taken).toBeLessThan(16 * 1_024 * 1_024);
  });

  test("F63: the largest packet that is taken is, and one byte more ends the connection", async () => {
    await using on = await connectedBus();
    const room = busLimits.packetBytesMax - 2 - desired.length;

    relay.inject(publishPacket(desired, Buffer.alloc(room, "a")));
    await eventually(() => on.heard.some((text) => text.length === room));
    relay.inject(publishPacket(desired, Buffer.alloc(room + 1, "b")));

    await eventually(() => on.connections() === 2);
    expect(on.heard.filter((text) => text.startsWith("b"))).toEqual([]);
  });

  test.each(
    fatalPackets,
  )("F63: %s ends the connection, and the next one is whole", async (_what, bytes) => {
    await using on = await connectedBus();

    relay.inject(bytes);
    await eventually(() => on.connections() === 2);
    relay.inject(publishPacket(desired, Buffer.from("after")));

    await eventually(() => on.heard.includes("after"));
  });

  test.each(foreignMessages(desired))("F63: %s is nothing to the device", async (_what, bytes) => {
    await using on = await connectedBus();

    relay.inject(bytes);
    relay.inject(publishPacket(desired, Buffer.from("after")));

    await eventually(() => on.heard.length > 0 || on.connections() > 1);
    expect(on.heard.filter((text) => text !== "after")).toEqual([]);
  });
});
