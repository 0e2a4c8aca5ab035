import { setTimeout as wait } from "node:timers/promises";
import { busLimits, deviceTopics } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { fixedHeader, publishPacket } from "../support/mqtt/raw-connection.ts";
import { type TreacherousRelay, treacherousRelay } from "../support/mqtt/treacherous-relay.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureDevice, signedDesired } from "../support/trust-fixtures.ts";

const MIB = 1_024 * 1_024;
/** Ten thousand signatures take their time on a busy machine. */
const patience = { withinMs: 60_000 };
const { desired } = deviceTopics(fixtureDevice);

/** After any number of failures the next attempt comes after the shortest pause. */
const clock = { ...systemClock, chance: () => 0 };

/** A whole agent that serves release 1.0.0, behind a line that a test can break. */
async function servingAgent() {
  const folder = await temporaryFolder();
  const controller = await miniController();
  const relay = await treacherousRelay(() => controller.brokerPort);
  const brokerUrl = `mqtt://127.0.0.1:${relay.port}`;
  await enrolledFolder(folder.path, { controllerUrl: controller.controllerUrl, brokerUrl });
  controller.want(controller.release("1.0.0"));
  const agent = await runningAgent(folder.path, 100, { clock });
  const isServed = (version: string) =>
    eventually(async () => {
      const { model_version: served } = (await agent.infer([1, 2])).json() as {
        readonly model_version?: string;
      };
      return served === version;
    }, patience);
  await isServed("1.0.0");
  return {
    ...{ controller, relay, agent, isServed },
    [Symbol.asyncDispose]: async () => {
      await agent.close();
      await relay[Symbol.asyncDispose]();
      await controller[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** QoS 1, as a broker that kept it for this device would send it. */
function keptMessage(packetId: number, payload: Uint8Array): Buffer {
  const topic = Buffer.from(desired);
  const head = Buffer.from([topic.length >> 8, topic.length & 0xff]);
  const id = Buffer.from([packetId >> 8, packetId & 0xff]);
  const body = Buffer.concat([head, topic, id, payload]);
  return Buffer.concat([fixedHeader(0x32, body.length), body]);
}

let device: Awaited<ReturnType<typeof servingAgent>>;
let relay: TreacherousRelay;
beforeAll(async () => {
  device = await servingAgent();
  relay = device.relay;
});
afterAll(() => device[Symbol.asyncDispose]());

/**
 * Requests one after the other until the work is done.
 *
 * @returns the status codes there were, and at each answer how many messages had been acknowledged
 */
async function servedDuring(work: Promise<unknown>) {
  const state = { isDone: false };
  const done = work.finally(() => {
    state.isDone = true;
  });
  // Awaited below; until then its failure is nobody's.
  done.catch(() => undefined);
  const codes = new Set<number>();
  const acknowledged: number[] = [];
  while (!state.isDone || acknowledged.length < 20) {
    codes.add((await device.agent.infer([3, 4])).status);
    acknowledged.push(relay.acknowledged());
    // At a pace: what is asked here must not be the load itself.
    await wait(10);
  }
  await done;
  return { acknowledged, codes: [...codes] };
}

const reconnected = (before: number) =>
  eventually(() => device.controller.hellos.length > before, patience);

test("F63: while the broker is down the device serves and tries again, and what it owes comes later", async () => {
  const [windows, attempts] = [device.controller.telemetry.length, relay.taken()];

  relay.refuse(true);
  const tried = eventually(() => relay.taken() > attempts, patience);
  const whileDown = await servedDuring(tried);
  relay.refuse(false);
  const owed = eventually(() => device.controller.telemetry.length > windows, patience);
  const after = await servedDuring(owed);

  expect([...whileDown.codes, ...after.codes]).toEqual([200, 200]);
  const offline = device.agent.events.filter(({ event }) => event === "bus.offline");
  expect(offline.length).toBeGreaterThanOrEqual(2);
  for (const { delayMs } of offline)
    expect(delayMs).toBeGreaterThanOrEqual(busLimits.reconnectMsMin);
});

test("F63: 10,000 messages at once, garbage and orders of long ago, keep no request waiting, and the new order after them is followed", async () => {
  const old = signedDesired({ seq: 1, nonce: undefined }).bytes;
  const garbage = Buffer.alloc(old.length, "{");
  const backlog = Buffer.concat(
    Array.from({ length: 10_000 }, (_, i) => keptMessage(i + 1, i % 10 === 0 ? old : garbage)),
  );
  const next = device.controller.release("2.0.0", {}, 2);
  const hellos = device.controller.hellos.length;
  const before = relay.acknowledged();

  relay.inject(backlog);
  device.controller.want(next);
  await device.controller.order();
  const served = await servedDuring(device.isServed("2.0.0"));

  expect(served.codes).toEqual([200]);
  // Answers between the messages, not after them.
  const during = new Set(
    served.acknowledged.filter((count) => count > before && count < before + 10_000),
  );
  expect(during.size).toBeGreaterThanOrEqual(10);
  // The log of the device is not filled with them.
  const told = device.agent.events.filter(({ event }) => String(event).startsWith("desired."));
  expect(told.length).toBeLessThan(100);
  expect(device.controller.hellos.length).toBe(hellos);
}, 90_000);

test("F63: a packet of 256 MB costs the connection and no request", async () => {
  const hellos = device.controller.hellos.length;
  const rssBefore = process.memoryUsage().rss;

  relay.inject(fixedHeader(0x30, 268_435_455));
  const flooded = relay.flood(256 * MIB);
  const served = await servedDuring(reconnected(hellos));

  expect(await flooded).toBeLessThan(16 * MIB);
  expect(served.codes).toEqual([200]);
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(192 * MIB);
});

test("F63: garbage, and a topic that is not UTF-8, cost the connection at most and no request", async () => {
  const hellos = device.controller.hellos.length;

  relay.inject(Buffer.from([0x30, 0x05, 0x00, 0x02, 0xc3, 0x28, 0x61]));
  relay.inject(publishPacket(`${desired}\0`, Buffer.from("x")));
  relay.inject(Buffer.alloc(4_096, 0xff));
  const served = await servedDuring(reconnected(hellos));

  expect(served.codes).toEqual([200]);
});
