import { batchBytesMax, decodeBatch, encodeBatch, FormatError } from "@modelfleet/protocol";
import { emptyWindow, referenceOf } from "../../support/telemetry/windows.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { bestCpuNs } from "./cpu-time.ts";

const MILLISECONDS_MAX = 1;
const NS_PER_MS = 1e6;

/**
 * How long a payload takes that is refused. Shows T29: no hostile payload takes a millisecond of processor time
 */
export const hostile: BenchPart = {
  name: "hostile",
  run: (progress) => {
    progress(`${Object.keys(payloads).length} payloads as large as a message`);
    const bareMs = costMs(() => sumOf(largest));
    return Promise.resolve(
      Object.entries(payloads).map(([what, bytes]) => line(what, bytes, bareMs)),
    );
  },
};

function line(what: string, bytes: Uint8Array, bare: number): BenchLine {
  const ours = costMs(() => expectRefused(what, bytes));
  return {
    scenario: 29,
    what: `refused: ${what}, ms (bare: its bytes added up)`,
    ...{ ours, bare, limit: `< ${MILLISECONDS_MAX}`, holds: ours < MILLISECONDS_MAX },
  };
}

function costMs(work: () => void): number {
  return bestCpuNs(100, work) / NS_PER_MS;
}

function expectRefused(what: string, bytes: Uint8Array): void {
  try {
    decodeBatch(bytes);
  } catch (error) {
    if (error instanceof FormatError) return;
    throw error;
  }
  throw new Error(`expected a refusal of ${what}`);
}

/** As often as a message holds it. */
function repeated(...field: readonly number[]): Uint8Array {
  const times = Math.floor(batchBytesMax / field.length);
  return Uint8Array.from(Array.from({ length: times }, () => field).flat());
}

/** One field of type bytes around as much as a message holds of another. */
function within(tag: number, ...field: readonly number[]): Uint8Array {
  const inner = repeated(...field).subarray(0, batchBytesMax - 4 - (batchBytesMax % field.length));
  const whole = inner.subarray(0, inner.length - (inner.length % field.length));
  const { length } = whole;
  const size = [0x80 | (length & 0x7f), 0x80 | ((length >> 7) & 0x7f), length >> 14];
  return Uint8Array.from([tag, ...size, ...whole]);
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

/** Sixteen windows with sketches, of which the last one's counts do not fit any integer. */
function lastCountWrong(): Uint8Array {
  const features = referenceOf(4).features.map(() => ({
    ...{ counts: new Array<number>(22).fill(40), nan: 0, missing: 0 },
    ...{ sum: 0, sumOfSquares: 0, min: 0, max: 0 },
  }));
  const windows = Array.from({ length: 16 }, (_, i) => ({
    ...emptyWindow,
    ...{ items: 880, features },
    ...(i === 15 ? { requests: 2 ** 52 } : {}),
  }));
  return encodeBatch({
    ...{ device: "cam-1" as never, boot: 1, seq: 0, dropped: 0, feedback: [] },
    windows,
  });
}

const largest = new Uint8Array(batchBytesMax).fill(1);

const payloads: Readonly<Record<string, Uint8Array>> = {
  "a megabyte": new Uint8Array(1_048_576),
  "thousands of empty windows": repeated(0x2a, 0),
  "thousands of unknown fields": repeated(0x78, 0),
  "thousands of unknown fields in a window": within(0x2a, 0x78, 0),
  "thousands of empty sketches in a window": within(0x2a, 0x5a, 0),
  "a list that claims 10⁹ bytes": Uint8Array.of(0x2a, 0x80, 0x94, 0xeb, 0xdc, 0x03),
  "groups that never end": repeated(0x7b),
  "sixteen windows, wrong in the last": lastCountWrong(),
};
