import { DeviceId, decodeBatch, mainSlot, openSignedBatch, SlotName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openFileOutbox } from "../../agent/src/adapters/file-outbox/file-outbox.ts";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { StateRecord } from "../../agent/src/app/install/state-record.ts";
import { TelemetrySpool } from "../../agent/src/app/telemetry-spool.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { Fs } from "../../agent/src/ports/fs.ts";
import type { Outbox } from "../../agent/src/ports/outbox.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { fakeModel } from "../support/agent/fake-model.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { manualClock } from "../support/agent/manual-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes, seedSigner } from "../support/trust-fixtures.ts";

const HOUR_MS = 3_600_000;
const HOURS = 3 * 7 * 24;
const DAYS_KEPT_HOURS = 7 * 24;
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

/** A device that serves one request an hour and is connected to nobody. */
async function offlineDevice(folder: string, bytesMax?: number) {
  const disk = quickDisk();
  const clock = manualClock();
  const nowMs = () => fixtureTimes.nowMs + clock.monotonicMs();
  let serial = 0;
  const write = durableWriter(disk.fs, () => ++serial);
  const limits = bytesMax === undefined ? {} : { bytesMax };
  const outbox = await openFileOutbox({ boot: 1, nowMs, folder, fs: disk.fs, write, ...limits });
  const log = { debug: none, info: none, warn: none, error: none };
  const spool = new TelemetrySpool({
    ...{ device: DeviceId.parse("cam-0017"), signer, outbox, log, windowMs: HOUR_MS },
    record: { current: () => ({ timeFloorMs: 0 }) } as unknown as StateRecord,
    clock: { ...clock, nowMs, chance: () => 0, randomBytes: (length) => new Uint8Array(length) },
    readJson: () => Promise.resolve({}),
    stored: none,
  });
  const router = new Router<LoadedModel>({ clock, observer: (seen) => spool.observe(seen) });
  const slot = SlotName.parse(mainSlot);
  await router.activate(slot, fakeModel({ version: "1.0.0" }));
  const stop = new AbortController();
  const spooling = spool.run(stop.signal);
  const inputs = [floatTensor("x", [1, 2], [0, 0])];
  let answers = 0;
  return {
    ...{ disk, outbox },
    answers: () => answers,
    serve: async (hours: number) => {
      for (let hour = 0; hour < hours; hour++) {
        const { outputs } = await router.infer({ slot, inputs, timeoutMs: 60_000 });
        answers += outputs.length;
        await clock.advance(HOUR_MS);
        // Behind what was put into the outbox.
        await outbox.pending("tele", 0);
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

test("F54: offline for three weeks, a device keeps seven days, counts what it dropped, and answers all the while", async () => {
  await using folder = await temporaryFolder();
  await using device = await offlineDevice(folder.path);

  await device.serve(HOURS);

  const batches = await held(device.outbox);
  expect(device.answers()).toBe(HOURS);
  expect(batches.length).toBeGreaterThanOrEqual(DAYS_KEPT_HOURS);
  expect(batches.length).toBeLessThanOrEqual(DAYS_KEPT_HOURS + 1);
  expect(device.outbox.dropped() + batches.length).toBe(HOURS);
  // The oldest went: what is left is the newest, without a hole, up to the last.
  expect(batches.map(({ seq }) => seq)).toEqual(
    batches.map((_, place) => HOURS - batches.length + place),
  );
  expect(batches.flatMap(({ windows }) => windows).every(({ requests }) => requests === 1)).toBe(
    true,
  );
  // A batch is made before the room for it: what it cost itself stands in the next.
  expect(batches.at(-1)?.dropped).toBe(device.outbox.dropped() - 1);
});

test("F54: the spool's limit holds at any time, and the count is exact", async () => {
  await using folder = await temporaryFolder();
  const bytesMax = 4_000;
  await using device = await offlineDevice(folder.path, bytesMax);
  for (let day = 0; day < 5; day++) {
    await device.serve(24);

    const bytes = (await device.outbox.pending("tele", HOURS)).map((entry) => entry.bytes.length);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bytesMax);
    expect(device.outbox.dropped() + bytes.length).toBe(24 * (day + 1));
  }
  expect(device.outbox.dropped()).toBeGreaterThan(0);
});

test("F54: a full disk costs telemetry, each entry counted, and not one answer", async () => {
  await using folder = await temporaryFolder();
  await using device = await offlineDevice(folder.path);
  await device.serve(10);

  device.disk.fill(true);
  await device.serve(30);
  expect(await held(device.outbox)).toEqual([]);
  expect(device.outbox.dropped()).toBe(40);

  device.disk.fill(false);
  await device.serve(2);
  expect(device.answers()).toBe(42);
  expect(await held(device.outbox)).toMatchObject([
    { seq: 10, dropped: 40 },
    { seq: 11, dropped: 40 },
  ]);
});

function none(): void {
  // Nobody listens.
}
