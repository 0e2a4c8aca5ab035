import { inflateSync } from "node:zlib";
import { z } from "zod";
import { readVectors } from "./vectors.ts";

const Packed = z.object({
  streams: z.int(),
  half: z.int(),
  before: z.string(),
  same: z.string(),
  sea9: z.string(),
  sea95: z.string(),
});

/** What comes after the middle of a stream: the same error share .1, or SEA's concept 9 (.168) or 9.5 (.205). */
export type SecondHalf = "same" | "sea9" | "sea95";

export interface ErrorStreams {
  /** Index from which a changed stream is changed. */
  readonly change: number;
  /** Errors 0 and 1; shape [streams][2 · change]. */
  readonly of: (after: SecondHalf) => readonly Uint8Array[];
}

/** The streams of tools/scipy/error_streams.py. */
export function errorStreams(): ErrorStreams {
  const packed = Packed.parse(readVectors("error-streams.json"));
  const { streams, half } = packed;
  const before = bitsOf(packed.before);
  return {
    change: half,
    of: (after) => {
      const changed = bitsOf(packed[after]);
      return Array.from({ length: streams }, (_, i) => {
        const values = new Uint8Array(2 * half);
        values.set(before.subarray(i * half, (i + 1) * half));
        values.set(changed.subarray(i * half, (i + 1) * half), half);
        return values;
      });
    },
  };
}

function bitsOf(base64: string): Uint8Array {
  const bytes = inflateSync(Buffer.from(base64, "base64"));
  return Uint8Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const byte = bytes[bit >> 3] ?? 0;
    return (byte >> (7 - (bit & 7))) & 1;
  });
}
