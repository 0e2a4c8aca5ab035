import { telemetryLimits } from "../limits.ts";
import { SlotName } from "../units.ts";
import type { Digest8 } from "./digest8.ts";
import { refused } from "./wire-check.ts";

/** 8 bytes, or none at all. @throws FormatError naming the field */
export function digestOf(bytes: Uint8Array, place: string, name: string): Digest8 | null {
  if (bytes.length === 0) return null;
  if (bytes.length !== 8) throw refused({ place, name }, "8 bytes", bytes.length);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") as Digest8;
}

/** @throws FormatError also when there is none */
export function releaseOf(bytes: Uint8Array, place: string): Digest8 {
  const release = digestOf(bytes, place, "releaseDigest");
  if (release !== null) return release;
  throw refused({ place, name: "releaseDigest" }, "8 bytes", "none");
}

/** @throws FormatError */
export function slotOf(text: string, place: string): SlotName {
  const slot = SlotName.safeParse(text);
  if (slot.success) return slot.data;
  throw refused({ place, name: "slot" }, "a slot name", `${text.length} characters`);
}

/** @throws FormatError above `windowMsMax` */
export function durationOf(durationMs: number, place: string): number {
  const max = telemetryLimits.windowMsMax;
  if (durationMs <= max) return durationMs;
  throw refused({ place, name: "durationMs" }, `at most ${max}`, durationMs);
}
