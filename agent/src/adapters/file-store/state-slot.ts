import { createHash } from "node:crypto";
import { storeLimits } from "@modelfleet/protocol";

/**
 * One state slot: magic 8 · format u32 · generation u64 · length u32 · SHA-256 32 · JSON, little endian.
 * The checksum covers format, generation, length and JSON, so a torn write loses by it.
 */
const magic = new TextEncoder().encode("MFSTATE\n");
const format = 1;
const headerBytes = 56;
const checksumAt = 24;
const wholeGenerations = 2n ** 64n;

export interface SlotContent {
  /** u64; goes round after 2^64 − 1. */
  readonly generation: bigint;
  readonly json: string;
}

/** @throws RangeError when the record does not fit: an error of ours, the record is bounded far below */
export function encodeSlot(content: SlotContent): Uint8Array {
  const json = new TextEncoder().encode(content.json);
  if (json.length > storeLimits.stateSlotBytes - headerBytes) {
    throw new RangeError(`expected a state record that fits a slot, got ${json.length} bytes`);
  }
  const bytes = new Uint8Array(headerBytes + json.length);
  const view = new DataView(bytes.buffer);
  bytes.set(magic, 0);
  view.setUint32(8, format, true);
  view.setBigUint64(12, content.generation, true);
  view.setUint32(20, json.length, true);
  bytes.set(json, headerBytes);
  bytes.set(checksum(bytes), checksumAt);
  return bytes;
}

/** The record of a slot; undefined when it is torn, empty, or of another format. */
export function decodeSlot(bytes: Uint8Array): SlotContent | undefined {
  if (bytes.length < headerBytes || !startsWith(bytes, magic)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(20, true);
  if (view.getUint32(8, true) !== format || length > bytes.length - headerBytes) return undefined;
  const whole = bytes.subarray(0, headerBytes + length);
  if (!startsWith(whole.subarray(checksumAt), checksum(whole))) return undefined;
  const json = new TextDecoder().decode(whole.subarray(headerBytes));
  return { generation: view.getBigUint64(12, true), json };
}

export function nextGeneration(generation: bigint): bigint {
  return (generation + 1n) % wholeGenerations;
}

/** Whether `left` is the later one, also across the wrap (serial number arithmetic, RFC 1982). */
export function isNewer(left: bigint, right: bigint): boolean {
  const ahead = (left - right + wholeGenerations) % wholeGenerations;
  return ahead !== 0n && ahead < wholeGenerations / 2n;
}

function checksum(bytes: Uint8Array): Uint8Array {
  const hash = createHash("sha256");
  hash.update(bytes.subarray(magic.length, checksumAt)).update(bytes.subarray(headerBytes));
  return new Uint8Array(hash.digest());
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}
