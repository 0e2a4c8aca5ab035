import { join } from "node:path";
import {
  DeviceId,
  decodeBatch,
  decodeWindow,
  mainSlot,
  openSignedBatch,
  SlotName,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openFileOutbox } from "../../agent/src/adapters/file-outbox/file-outbox.ts";
import { openFileShelf } from "../../agent/src/adapters/file-shelf/file-shelf.ts";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { StateRecord } from "../../agent/src/app/install/state-record.ts";
import { TelemetrySpool } from "../../agent/src/app/telemetry-spool.ts";
import { WindowForwarder } from "../../agent/src/app/window-forwarder.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import type { Outbox } from "../../agent/src/ports/outbox.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import type { WindowShelf } from "../../agent/src/ports/window-shelf.ts";
import { fakeModel } from "../support/agent/fake-model.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { manualClock, settled } from "../support/agent/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes, seedSigner } from "../support/trust-fixtures.ts";

const HOUR_MS = 3_600_000;
const HOURS = 3 * 7 * 24;
const signer = seedSigner("device cam-0017");

/** A disk that is not waited for, of which so many bytes are left. */
function quickDisk() {
  let isFull = false;
  const fs: Fs = {
    ...nodeFs,
    syncFolder: () => Promise.resolve(),
    open: async (path, mode) => {
      const file = await nodeFs.open(path, mode);
      return {
        ...file,
        sync: () => Promise.resolve(),
        write: (bytes, position) =>
          isFull
            ? Promise.reject(Object.assign(new Error("ENOSPC: planned"), { code: "ENOSPC" }))
            : file.write(bytes, position),
      };
    },
  };
  return {
    fs,
    fill: (full: boolean) => {
      isFull = full;
    },
  };
}

/** A device that serves one request an hour and is connected to nobody, until it is told otherwise. */
async function offlineDevice(folder: string, heldBytesMax?: number) {
  const disk = quickDisk();
  const clock = manualClock();
  const nowMs = () => fixtureTimes.nowMs + clock.monotonicMs();
  let serial = 0;
  const write = durableWriter(disk.fs, () => ++serial);
  const outbox = await openFileOutbox({ boot: 1, nowMs, folder, fs: disk.fs, write });
  const shelf = await openFileShelf({ fs: disk.fs, write, path: join(folder, "shelf") });
  let isConnected = false;
  const parts = {
    log: { debug: none, info: none, warn: none, error: none },
    clock: {
      ...{ ...clock, nowMs, chance: () => 0 },
      randomBytes: (length: number) => new Uint8Array(length),
    },
    windowMs: HOUR_MS,
  };
  const forwarder = new WindowForwarder({
    ...{ ...parts, device: DeviceId.parse("cam-0017"), signer, outbox, shelf, stored: none },
    ...(heldBytesMax === undefined ? {} : { heldBytesMax }),
    connected: () => isConnected,
  });
  let rounds = 0;
  const step = () => forwarder.step().finally(() => (rounds += 1));
  const spool = new TelemetrySpool({
    ...parts,
    forwarder: {
      ...{ open: () => forwarder.open(), step },
      ...{ add: (window) => forwarder.add(window), tell: (labels) => forwarder.tell(labels) },
    },
    record: { current: () => ({ timeFloorMs: 0 }) } as unknown as StateRecord,
    readJson: () => Promise.resolve({}),
  });
  const router = new Router<LoadedModel>({ clock, observer: (seen) => spool.observe(seen) });
  const slot = SlotName.parse(mainSlot);
  await router.activate(slot, fakeModel({ version: "1.0.0" }));
  const stop = new AbortController();
  const spooling = spool.run(stop.signal);
  /** Waits for the round of the spool that has not ended yet. */
  const nextRound = () => {
    const before = rounds;
    return async () => {
      while (rounds === before) await settled();
    };
  };
  const inputs = [floatTensor("x", [1, 2], [0, 0])];
  let answers = 0;
  return {
    ...{ disk, outbox, shelf },
    connect: () => {
      isConnected = true;
    },
    /** So many of the spool's rounds. */
    pass: async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        const oneMore = nextRound();
        await clock.advance(2_000);
        await oneMore();
      }
    },
    answers: () => answers,
    serve: async (hours: number) => {
      for (let hour = 0; hour < hours; hour++) {
        const { outputs } = await router.infer({ slot, inputs, timeoutMs: 60_000 });
        answers += outputs.length;
        const oneMore = nextRound();
        await clock.advance(HOUR_MS);
        await oneMore();
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await spooling;
    },
  };
}

async function held(outbox: Outbox) {
  const entries = await outbox.pending("tele", HOURS);
  return entries.map(({ bytes }) => decodeBatch(openSignedBatch(signer.publicKey, bytes)));
}

const windowsOn = (shelf: WindowShelf) => shelf.held().map(({ bytes }) => decodeWindow(bytes));
const requestsIn = (windows: readonly TelemetryWindow[]) =>
  windows.reduce((sum, { requests }) => sum + requests, 0);

test("F54: offline for three weeks, a device keeps every count in what room there is, and answers all the while", async () => {
  await using folder = await temporaryFolder();
  await using device = await offlineDevice(folder.path);

  await device.serve(HOURS);

  const windows = windowsOn(device.shelf);
  expect(device.answers()).toBe(HOURS);
  expect(requestsIn(windows)).toBe(HOURS);
  // Eight days by the hour and the rest by the day, merged every six hours.
  expect(windows.length).toBeLessThanOrEqual(8 * 24 + 13 + 3 + 6);
  expect(device.shelf.fileBytes()).toBeLessThanOrEqual(512 * 1024);
  expect(device.shelf.dropped()).toBe(0);
  expect(await held(device.outbox)).toEqual([]);

  device.connect();
  await device.pass(300);
  const batches = await held(device.outbox);
  const sent = batches.flatMap((batch) => batch.windows);
  expect(device.shelf.held()).toEqual([]);
  expect(requestsIn(sent)).toBe(HOURS);
  // The newest first, and all but the last two hours late.
  expect(sent.map(({ startMs }) => startMs)).toEqual(
    windows.map(({ startMs }) => startMs).sort((left, right) => right - left),
  );
  expect(sent.filter(({ historical }) => !historical).length).toBeLessThanOrEqual(2);
  expect(batches.every((batch) => batch.windows.length <= 2)).toBe(true);
});

test("F54: the shelf's limit holds at any time, and what is given up is counted", async () => {
  await using folder = await temporaryFolder();
  const heldBytesMax = 400;
  await using device = await offlineDevice(folder.path, heldBytesMax);
  for (let day = 0; day < 14; day++) {
    await device.serve(24);

    const bytes = device.shelf.held().map((record) => record.bytes.length);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(heldBytesMax);
  }
  expect(device.shelf.dropped()).toBeGreaterThan(0);
  const windows = windowsOn(device.shelf);
  const oldestMs = Math.min(...windows.map(({ startMs }) => startMs));
  // Nothing is missing but what is older than the oldest.
  const firstMs = Math.floor(fixtureTimes.nowMs / HOUR_MS) * HOUR_MS;
  expect(requestsIn(windows)).toBe(14 * 24 - (oldestMs - firstMs) / HOUR_MS);
});

test("F54: a full disk costs telemetry only when memory is full too, each window counted, and not one answer", async () => {
  await using folder = await temporaryFolder();
  await using device = await offlineDevice(folder.path);
  await device.serve(10);

  device.disk.fill(true);
  await device.serve(telemetryLimits.windowsPendingMax + 6);
  expect(requestsIn(windowsOn(device.shelf))).toBe(10);

  device.disk.fill(false);
  await device.serve(2);
  const lost = device.answers() - requestsIn(windowsOn(device.shelf));
  device.connect();
  await device.pass(60);
  const batches = await held(device.outbox);
  expect(requestsIn(batches.flatMap(({ windows }) => windows))).toBe(device.answers() - lost);
  // One more closed before the disk was tried again.
  expect(lost).toBe(6 + 1);
  expect(batches.at(-1)?.dropped).toBe(lost);
});

function none(): void {
  // Nobody listens.
}
