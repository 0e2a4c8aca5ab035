import {
  DeviceId,
  decodeBatch,
  decodeWindow,
  type FeedbackWindow,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { WindowForwarder } from "../../../../agent/src/app/window-forwarder.ts";
import { StoreError } from "../../../../agent/src/domain/store-error.ts";
import type { Outbox } from "../../../../agent/src/ports/outbox.ts";
import type {
  NewShelfRecord,
  ShelfRecord,
  WindowShelf,
} from "../../../../agent/src/ports/window-shelf.ts";
import { type Random, seededRandom } from "../../../support/random.ts";
import { fullWindow } from "../../../support/telemetry/full-window.ts";
import { dayStartMs, emptyWindow } from "../../../support/telemetry/windows.ts";
import { seedSigner } from "../../../support/trust-fixtures.ts";

const seed = 1_000;
const quarterMs = 900_000;
const signer = seedSigner("device cam-0017");

test(`T26: 1,000 agents that come back together begin with their backlog over 60 s and more (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const begun: number[] = [];
  for (let agent = 0; agent < 1_000; agent++) {
    const device = await deviceWith(1, random);
    device.connect();
    for (let second = 0; second <= 95 && device.sent.length === 0; second += 5) {
      device.setNow(second * 1_000);
      await device.forwarder.step();
    }
    expect(device.sent).toHaveLength(1);
    begun.push(device.nowMs());
  }

  expect(Math.max(...begun) - Math.min(...begun)).toBeGreaterThanOrEqual(60_000);
  const busiest = Math.max(
    ...Array.from({ length: 20 }, (_, i) => begun.filter((ms) => ms === i * 5_000).length),
  );
  // Evenly: 1,000 over 90 s are 56 in five seconds.
  expect(busiest).toBeLessThan(100);
});

test("the backlog follows the newest first, two windows a second at most, all of it late", async () => {
  const device = await deviceWith(20, seededRandom(seed));
  device.connect();
  for (let second = 0; second < 200; second++) {
    device.setNow(second * 1_000);
    await device.forwarder.step();
  }

  const windows = device.sent.flatMap((batch) => batch.windows);
  expect(windows.map(({ startMs }) => startMs)).toEqual(
    Array.from({ length: 20 }, (_, i) => dayStartMs - (i + 4) * quarterMs),
  );
  expect(windows.every(({ historical }) => historical)).toBe(true);
  expect(device.sent.every((batch) => batch.windows.length <= 2)).toBe(true);
  const [first = 0] = device.sentAtMs;
  for (const [i, atMs] of device.sentAtMs.entries()) {
    expect(atMs - first).toBeGreaterThanOrEqual(i * 1_000);
  }
});

test("what has just closed is sent at once, before the backlog and without its pause", async () => {
  const device = await deviceWith(8, seededRandom(seed));
  device.connect();
  device.forwarder.add(windowAt(dayStartMs - quarterMs));
  await device.forwarder.step();

  expect(device.sent.flatMap(({ windows }) => windows)).toMatchObject([
    { startMs: dayStartMs - quarterMs, historical: false },
  ]);
});

test("a shelf that cannot forget keeps its windows, and nobody is sent them", async () => {
  const device = await deviceWith(1, seededRandom(seed));
  device.connect();
  device.setNow(95_000);
  device.breakShelf(true);
  await device.forwarder.step();
  expect(device.sent).toEqual([]);

  device.breakShelf(false);
  device.setNow(200_000);
  await device.forwarder.step();
  expect(device.sent).toHaveLength(1);
});

test("what cannot be read on the shelf, or in the outbox, stops nothing and is taken off", async () => {
  const device = await deviceWith(1, seededRandom(seed));
  await device.shelf.add([{ kind: "window", bytes: Uint8Array.of(0x0a, 200) }]);
  device.breakShelf(true);
  await device.forwarder.open();
  device.breakShelf(false);
  device.connect();
  device.setNow(200_000);
  await device.forwarder.step();
  device.setNow(300_000);
  await device.forwarder.step();

  expect(device.sent.flatMap(({ windows }) => windows)).toHaveLength(1);
  expect(device.shelf.held()).toEqual([]);
});

test("windows that the disk does not take stay in memory and go with the connection", async () => {
  const device = await deviceWith(0, seededRandom(seed));
  device.breakShelf(true);
  device.forwarder.add(windowAt(dayStartMs));
  await device.forwarder.step();
  device.connect();
  await device.forwarder.step();

  expect(device.sent.flatMap(({ windows }) => windows)).toHaveLength(1);
});

test("what the outbox refuses waits on the shelf and is sent once, labels too", async () => {
  const device = await deviceWith(0, seededRandom(seed));
  device.connect();
  device.fillOutbox(true);
  device.forwarder.add(windowAt(dayStartMs));
  device.forwarder.tell(labels);
  await device.forwarder.step();
  expect(device.sent).toEqual([]);
  expect(device.shelf.held().map(({ kind }) => kind)).toEqual(["window", "feedback"]);

  device.fillOutbox(false);
  for (const second of [95, 100, 105]) {
    device.setNow(second * 1_000);
    await device.forwarder.step();
  }
  expect(device.sent.flatMap(({ windows }) => windows)).toHaveLength(1);
  expect(device.sent.flatMap(({ feedback }) => feedback)).toEqual([labels]);
  expect(device.shelf.held()).toEqual([]);
});

test("windows that cannot be merged, the disk being full, are on the shelf once and not in memory too", async () => {
  const device = await deviceWith(0, seededRandom(seed), { heldBytesMax: 1 });
  device.breakMerging();
  device.forwarder.add(windowAt(dayStartMs));
  await device.forwarder.step();
  await device.forwarder.step();

  expect(device.shelf.held()).toHaveLength(1);
});

test("a window too large for a message is sent all the same, with every count", async () => {
  const device = await deviceWith(0, seededRandom(seed));
  const { features, items } = fullWindow(telemetryLimits.itemsPerWindowMax);
  device.connect();
  device.forwarder.add(fullWindow(items));
  await device.forwarder.step();

  const [sent] = device.sent.flatMap(({ windows }) => windows);
  expect(sent?.items).toBe(items);
  expect(sent?.features.map(({ counts }) => counts)).toEqual(features.map(({ counts }) => counts));
});

const labels: FeedbackWindow = {
  ...{ slot: emptyWindow.slot, release: emptyWindow.release, output: 0 },
  ...{ startMs: dayStartMs, durationMs: quarterMs, labelled: 3, errors: 1, drift: [] },
};

/** A device with windows on its shelf that are hours old, and no connection yet. */
async function deviceWith(
  shelved: number,
  random: Random,
  room: { readonly heldBytesMax?: number } = {},
) {
  let elapsedMs = 0;
  let isConnected = false;
  let isOutboxFull = false;
  const { shelf, breakShelf, breakMerging } = memoryShelf();
  const sent: ReturnType<typeof decodeBatch>[] = [];
  const sentAtMs: number[] = [];
  const take = (bytes: Uint8Array) => {
    sent.push(decodeBatch(bytes.subarray(64)));
    sentAtMs.push(elapsedMs);
  };
  const forwarder = new WindowForwarder({
    ...{ device: DeviceId.parse("cam-0017"), signer, shelf, windowMs: quarterMs },
    ...room,
    outbox: outboxTo(take, () => isOutboxFull),
    clock: {
      nowMs: () => dayStartMs + elapsedMs,
      monotonicMs: () => elapsedMs,
      chance: () => random.next(),
      ...{ sleep: () => Promise.resolve(), turn: () => Promise.resolve() },
      randomBytes: (length: number) => new Uint8Array(length),
    },
    log: { info: none, warn: none, error: none },
    connected: () => isConnected,
    stored: none,
  });
  for (let i = shelved; i > 0; i--) forwarder.add(windowAt(dayStartMs - (i + 3) * quarterMs));
  await forwarder.step();
  return {
    ...{ forwarder, shelf, sent, sentAtMs, breakShelf, breakMerging },
    fillOutbox: (full: boolean) => {
      isOutboxFull = full;
    },
    nowMs: () => elapsedMs,
    setNow: (ms: number) => {
      elapsedMs = ms;
    },
    connect: () => {
      isConnected = true;
    },
  };
}

function windowAt(startMs: number): TelemetryWindow {
  return { ...emptyWindow, startMs, durationMs: quarterMs };
}

function outboxTo(take: (bytes: Uint8Array) => void, isFull: () => boolean): Outbox {
  let seq = 0;
  return {
    put: () => Promise.reject(new RangeError("expected nothing that drops what is older")),
    move: async (entry, settled) => {
      if (isFull()) return false;
      const bytes = entry({ boot: 1, seq });
      try {
        await settled();
      } catch (cause) {
        if (cause instanceof StoreError) return false;
        throw cause;
      }
      seq += 1;
      take(bytes);
      return true;
    },
    // One entry that is no batch.
    pending: (_, __, after) =>
      Promise.resolve(after === undefined ? [{ boot: 0, seq: 0, bytes: new Uint8Array(80) }] : []),
    acknowledge: () => Promise.resolve(),
    ...{ reportsBegun: () => 0, oldestReport: () => ({ boot: 1, seq: 0 }), dropped: () => 0 },
  };
}

function memoryShelf() {
  let records: readonly ShelfRecord[] = [];
  let nextId = 0;
  let isBroken = false;
  let isUnmergeable = false;
  const change = (to: () => readonly ShelfRecord[]): Promise<void> => {
    if (isBroken) return Promise.reject(new StoreError("STORE_FAILED", "expected a disk"));
    records = to();
    return Promise.resolve();
  };
  const numbered = (added: readonly NewShelfRecord[]) =>
    added.map((record) => ({ ...record, id: nextId++ }));
  const shelf: WindowShelf = {
    held: () => records,
    add: (added) => change(() => [...records, ...numbered(added)]),
    remove: (ids) => change(() => records.filter(({ id }) => !ids.includes(id))),
    replace: (added) =>
      isUnmergeable
        ? Promise.reject(new StoreError("NO_SPACE", "expected room"))
        : change(() => numbered(added)),
    ...{ fileBytes: () => 0, dropped: () => 0 },
  };
  return {
    shelf,
    windows: () => records.map(({ bytes }) => decodeWindow(bytes)),
    breakShelf: (broken: boolean) => {
      isBroken = broken;
    },
    breakMerging: () => {
      isUnmergeable = true;
    },
  };
}

function none(): void {
  // Nobody listens.
}
