import { DeviceId, decodeBatch, decodeWindow, type TelemetryWindow } from "@modelfleet/protocol";
import { openFileOutbox } from "../../../../agent/src/adapters/file-outbox/file-outbox.ts";
import { openFileShelf } from "../../../../agent/src/adapters/file-shelf/file-shelf.ts";
import { durableWriter } from "../../../../agent/src/adapters/file-store/durable-write.ts";
import { WindowForwarder } from "../../../../agent/src/app/window-forwarder.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import { dayStartMs, emptyWindow } from "../../telemetry/windows.ts";
import { seedSigner } from "../../trust-fixtures.ts";
import { crashFs } from "./crash-fs.ts";
import type { CrashState, Run } from "./explore.ts";
import { emptyTree } from "./tree.ts";

/**
 * What lies on a device, on its shelf and in its outbox together, by the number of the window. Window n has 3^n requests, so
 * the digits of the sum to base 3 say which are there, also when they are merged, and which are there twice.
 */
export type Owing = {
  readonly must: readonly number[];
  /** In the middle of being closed; or acknowledged, which a power cut may undo without harm: it keeps its number. */
  readonly may: readonly number[];
};

const quarterMs = 900_000;
const signer = seedSigner("device cam-0017");

/** Two starts of a device that has a network now and then; little room, so that windows are merged. */
export async function recordShelf(through: (fs: Fs) => Fs = (fs) => fs): Promise<Run<Owing>> {
  let owing: Owing = { must: [], may: [] };
  let windows = 0;
  const disk = crashFs(emptyTree, () => owing);
  const fs = through(disk.fs);

  const close = async (device: Device) => {
    const closed = windows;
    device.forwarder.add(windowOf(closed, 3 ** closed));
    windows += 1;
    device.setNow(dayStartMs + windows * quarterMs);
    owing = { ...owing, may: [...owing.may, closed] };
    await device.forwarder.step();
    owing = {
      must: [...owing.must, closed],
      may: owing.may.filter((window) => window !== closed),
    };
  };
  const acknowledge = async (device: Device) => {
    const sent = await device.outbox.pending("tele", 1);
    const [last] = sent;
    if (last === undefined) throw new RangeError("expected something to be acknowledged");
    const told = digitsOf(requestsIn(last.bytes).reduce(plus, 0)).flatMap((times, window) =>
      times === 0 ? [] : [window],
    );
    owing = {
      must: owing.must.filter((window) => !told.includes(window)),
      may: [...owing.may, ...told],
    };
    await device.outbox.acknowledge("tele", last);
  };

  for (const boot of [1, 2]) {
    const device = await openDevice(fs, boot);
    await device.forwarder.open();
    for (let i = 0; i < 4; i += 1) await close(device);
    device.setConnected(true);
    for (let i = 0; i < 2; i += 1) await device.forwarder.step();
    await acknowledge(device);
    await close(device);
    device.setConnected(false);
    await close(device);
  }
  return { start: emptyTree, journal: disk.journal, end: owing };
}

/** What does not hold at the start after a power cut: every window that was closed is there, and is there once. */
export async function checkShelf(
  { tree, note }: CrashState<Owing>,
  opens: (device: Device) => Promise<void> = ({ forwarder }) => forwarder.open(),
): Promise<readonly string[]> {
  const device = await openDevice(crashFs(tree, () => undefined).fs, 3);
  await opens(device);
  const shelved = device.shelf.held().map(({ bytes }) => decodeWindow(bytes).requests);
  const owed = (await device.outbox.pending("tele", 100)).flatMap(({ bytes }) => requestsIn(bytes));
  const times = digitsOf([...shelved, ...owed].reduce(plus, 0));
  return times.flatMap((count, window) => {
    const isOwed = note.must.includes(window);
    if (isOwed && count === 0) return [`lost: ${window}`];
    if (count > 1) return [`twice: ${window}`];
    return count === 1 && !isOwed && !note.may.includes(window) ? [`from nowhere: ${window}`] : [];
  });
}

/** How often each window is there; all that there can be. */
function digitsOf(sum: number): readonly number[] {
  return Array.from({ length: 13 }, (_, window) => Math.floor(sum / 3 ** window) % 3);
}

type Device = Awaited<ReturnType<typeof openDevice>>;

async function openDevice(fs: Fs, boot: number) {
  let serial = boot * 1_000;
  let nowMs = dayStartMs;
  let isConnected = false;
  const write = durableWriter(fs, () => ++serial);
  const outbox = await openFileOutbox({ fs, write, folder: "/outbox", boot, nowMs: () => nowMs });
  const shelf = await openFileShelf({ fs, write, path: "/outbox/shelf", bytesMax: 1_200 });
  const forwarder = new WindowForwarder({
    ...{ device: DeviceId.parse("cam-0017"), signer, outbox, shelf, windowMs: quarterMs },
    clock: {
      ...{ nowMs: () => nowMs, monotonicMs: () => serial++ * 10_000, chance: () => 0 },
      ...{ sleep: () => Promise.resolve(), turn: () => Promise.resolve() },
      randomBytes: (length: number) => new Uint8Array(length),
    },
    log: { info: none, warn: none, error: none },
    heldBytesMax: 120,
    connected: () => isConnected,
    stored: none,
  });
  return {
    ...{ outbox, shelf, forwarder },
    setNow: (ms: number) => {
      nowMs = ms;
    },
    setConnected: (connected: boolean) => {
      isConnected = connected;
    },
  };
}

function windowOf(quarter: number, requests: number): TelemetryWindow {
  const latency = { ...emptyWindow.latency, counts: [requests] };
  const startMs = dayStartMs + quarter * quarterMs;
  return { ...emptyWindow, startMs, durationMs: quarterMs, requests, latency };
}

function requestsIn(signed: Uint8Array): number[] {
  return decodeBatch(signed.subarray(64)).windows.map(({ requests }) => requests);
}

function plus(left: number, right: number): number {
  return left + right;
}

function none(): void {
  // Nobody listens.
}
