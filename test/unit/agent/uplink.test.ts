import {
  type AckMessage,
  busLimits,
  type DeviceFacts,
  DeviceFacts as DeviceFactsSchema,
  decodeEnvelope,
  HelloMessage,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { StateRecord } from "../../../agent/src/app/install/state-record.ts";
import { Uplink } from "../../../agent/src/app/uplink.ts";
import { firstState } from "../../../agent/src/open-data-folder.ts";
import type { BusListener } from "../../../agent/src/ports/bus.ts";
import type { ModelStore } from "../../../agent/src/ports/model-store.ts";
import { manualClock, settled } from "../../support/agent/manual-clock.ts";
import { outboxInMemory } from "../../support/agent/outbox-in-memory.ts";
import { fixtureDevice, fleetKeys, fleetRoot } from "../../support/trust-fixtures.ts";

const facts: DeviceFacts = DeviceFactsSchema.parse({
  ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
  libc: { family: "glibc", version: "2.36" },
  ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
  ...{ runtimes: [], agentVersion: "0.1.0", protocol: 1 },
});

/** A connected uplink whose hellos are kept, opened. */
async function setUp({ reports = 0 } = {}) {
  const manual = manualClock();
  let serial = 0;
  const clock = {
    ...manual,
    nowMs: () => 0,
    chance: () => 0,
    randomBytes: (length: number) => new Uint8Array(length).fill(++serial),
  };
  const hellos: HelloMessage[] = [];
  const streams: string[] = [];
  let listener: BusListener | undefined;
  const condition = { stale: false };
  const fresh: number[] = [];
  const root = fleetRoot();
  const quiet = () => undefined;
  const uplink = new Uplink({
    ...{ device: fixtureDevice, signer: fleetKeys.device, agentVersion: "0.1.0", clock },
    outbox: outboxInMemory(reports),
    record: new StateRecord({} as ModelStore, firstState(root), { device: fixtureDevice, root }),
    facts: { read: () => Promise.resolve(facts), proved: quiet },
    log: { info: quiet, warn: quiet, error: quiet },
    watch: {
      condition: () => (condition.stale ? { stale: true } : {}),
      fresh: () => void fresh.push(1),
    },
    bus: {
      run: (given) => {
        listener = given;
        return Promise.resolve();
      },
      connected: () => true,
      request: () => Promise.resolve(),
      publish: (stream, bytes) => {
        streams.push(stream);
        if (stream !== "hello") return Promise.resolve();
        const text = new TextDecoder().decode(decodeEnvelope(bytes).payload);
        hellos.push(HelloMessage.parse(JSON.parse(text)));
        return Promise.resolve();
      },
    },
  });
  const stop = new AbortController();
  const target = { deliver: quiet, slots: () => [], wanted: () => [] };
  const done = uplink.run(target, stop.signal);
  listener?.connected();
  await manual.advance(0);
  await settled();
  const end = async () => {
    stop.abort();
    await done;
  };
  return {
    ...{ uplink, hellos, streams, condition, fresh, advance: manual.advance },
    acknowledged: (ack: AckMessage) =>
      listener?.acknowledged(new TextEncoder().encode(JSON.stringify(ack))),
    reconnect: () => listener?.connected(),
    [Symbol.asyncDispose]: end,
  };
}

test("many reasons to say hello are one hello, half a minute after the last", async () => {
  await using on = await setUp();
  for (let turn = 0; turn < 50; turn += 1) on.uplink.needHello();

  await on.advance(busLimits.helloPauseMsMin - 1);
  const before = on.hellos.length;
  await on.advance(1);
  await on.advance(busLimits.helloPauseMsMin);

  expect(before).toBe(1);
  expect(on.hellos).toHaveLength(2);
  expect(new Set(on.hellos.map(({ nonce }) => nonce)).size).toBe(2);
});

test("another root is told at once, and the hello that waited is not said besides", async () => {
  await using on = await setUp();
  on.uplink.needHello();

  on.uplink.sayHello();
  await on.advance(0);
  const atOnce = on.hellos.length;
  await on.advance(busLimits.helloPauseMsMin);

  expect(atOnce).toBe(2);
  expect(on.hellos).toHaveLength(2);
});

test("a day of uptime is a reason to ask for a fresh word", async () => {
  await using on = await setUp();

  for (let day = 1; day <= 3; day += 1) await on.advance(busLimits.helloEveryMs);
  await on.advance(0);

  expect(on.hellos).toHaveLength(4);
});

test("an answer uses up its own nonce and no newer one, and makes the device fresh", async () => {
  await using on = await setUp();
  const first = on.uplink.nonce() ?? "";
  on.uplink.sayHello();
  await on.advance(0);
  const second = on.uplink.nonce() ?? "";

  on.uplink.answered(first);
  const kept = on.uplink.nonce();
  on.uplink.answered(second);

  expect(first).not.toBe(second);
  expect(kept).toBe(second);
  expect(on.uplink.nonce()).toBeNull();
  expect(on.fresh).toHaveLength(2);
});

test("a hello says when the device is stale", async () => {
  await using on = await setUp();
  on.condition.stale = true;

  on.uplink.sayHello();
  await on.advance(0);

  expect(on.hellos.map(({ stale }) => stale)).toEqual([undefined, true]);
});

test("a hello says how many reports are older than it, and where those it owes begin", async () => {
  const on = await setUp({ reports: 3 });

  expect(on.hellos[0]?.reports).toBe(3);
  expect(on.hellos[0]?.owed).toEqual({ boot: 1, seq: 0 });
});

test("asked to say hello again, it does once its pause is over, and sends behind it all it owes", async () => {
  await using on = await setUp({ reports: 2 });
  on.streams.length = 0;

  on.acknowledged({ v: 1, stream: "report", boot: 1, seq: 1, again: true });
  await on.advance(busLimits.helloPauseMsMin - 1);
  expect(on.streams).toEqual([]);
  await on.advance(1);

  expect(on.streams).toEqual(["hello", "report", "report"]);
});

test("a hello that nobody answered is said again where a document would be asked for", async () => {
  await using on = await setUp();
  await on.advance(busLimits.desiredPollMs);
  await on.advance(0);
  const unanswered = on.hellos.length;
  on.uplink.answered(on.uplink.nonce() ?? "");

  await on.advance(busLimits.desiredPollMs);
  await on.advance(0);

  expect(unanswered).toBe(2);
  expect(on.hellos).toHaveLength(2);
});
