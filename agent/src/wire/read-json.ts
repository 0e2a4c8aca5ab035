import { FrameError } from "./frame.ts";

/** Readers of one JSON value each. All throw FrameError naming what was expected. */

export function readRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new FrameError(`expected ${what} to be an object`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function readArray(value: unknown, what: string, itemsMax: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > itemsMax) {
    throw new FrameError(`expected ${what} to be a list of at most ${itemsMax}`);
  }
  return value;
}

export function readText(value: unknown, what: string, charactersMax: number): string {
  if (typeof value !== "string" || value.length > charactersMax) {
    throw new FrameError(`expected ${what} to be a text of at most ${charactersMax} characters`);
  }
  return value;
}

/** A whole number from 0 that JSON carries exactly. */
export function readWhole(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new FrameError(`expected ${what} to be a whole number of at least 0`);
  }
  return value;
}
