import { crc32 } from "node:zlib";
import type { ShelfRecord } from "../../ports/window-shelf.ts";

/*
 * The file of a shelf: 8 bytes that say what it is, then records, each a length (4 bytes), a CRC-32 (4 bytes) and a body;
 * little endian. A body is a kind (1 byte), a number (8 bytes) and what there is to say. Of a record that a power cut
 * tore, the length or the CRC is wrong: it and what follows it were never there. One that is damaged and has a whole one
 * behind it was there once: it counts as given up, and the rest is read.
 */

/** What a file of a shelf says, read from its beginning. */
export interface ShelfContent {
  readonly records: readonly ShelfRecord[];
  readonly dropped: number;
  readonly nextId: number;
  /** Bytes from the beginning up to which nothing is damaged. */
  readonly wholeBytes: number;
}

const MAGIC = new TextEncoder().encode("mfshelf1");
const HEAD_BYTES = 8;
const BODY_HEAD_BYTES = 9;

/** `gone`: the number of a record that is no more. `dropped`: how many were given up. `next`: the number of the next. */
const kinds = { window: 1, feedback: 2, gone: 3, dropped: 4, next: 5 } as const;

/** A whole file. */
export function shelfFile(content: Omit<ShelfContent, "wholeBytes">): Uint8Array {
  return joined([
    MAGIC,
    framed(kinds.dropped, content.dropped),
    framed(kinds.next, content.nextId),
    recordBytes(content.records),
  ]);
}

/** Records to be written behind the others. */
export function recordBytes(records: readonly ShelfRecord[]): Uint8Array {
  return joined(records.map(({ kind, id, bytes }) => framed(kinds[kind], id, bytes)));
}

/** To be written behind the others: these records are no more. */
export function goneBytes(ids: readonly number[]): Uint8Array {
  return joined(ids.map((id) => framed(kinds.gone, id)));
}

/** @returns nothing but what is whole */
export function parseShelf(file: Uint8Array): ShelfContent {
  const records = new Map<number, ShelfRecord>();
  let dropped = 0;
  let nextId = 0;
  let at = startsWithMagic(file) ? MAGIC.length : 0;
  let wholeBytes: number | undefined;
  let damaged = 0;
  for (let body = at === 0 ? undefined : frameAt(file, at); body !== undefined; ) {
    const { kind, number, bytes } = body;
    if (kind === undefined) {
      wholeBytes ??= at;
      damaged += 1;
    }
    if (kind === kinds.window) records.set(number, { kind: "window", id: number, bytes });
    if (kind === kinds.feedback) records.set(number, { kind: "feedback", id: number, bytes });
    if (kind === kinds.gone) records.delete(number);
    if (kind === kinds.dropped) dropped = number;
    nextId = Math.max(nextId, kind === kinds.next ? number : 0, isRecord(kind) ? number + 1 : 0);
    at += HEAD_BYTES + BODY_HEAD_BYTES + bytes.length;
    body = frameAt(file, at);
  }
  return {
    records: [...records.values()],
    dropped: dropped + damaged,
    nextId,
    wholeBytes: wholeBytes ?? at,
  };
}

function isRecord(kind: number | undefined): boolean {
  return kind === kinds.window || kind === kinds.feedback;
}

/** @returns undefined for what no whole frame follows; one without a kind is damaged */
function frameAt(file: Uint8Array, at: number) {
  const frame = boundedAt(file, at);
  if (frame === undefined || frame.kind !== undefined) return frame;
  const behind = at + HEAD_BYTES + BODY_HEAD_BYTES + frame.bytes.length;
  return boundedAt(file, behind)?.kind === undefined ? undefined : frame;
}

/** @returns undefined where it would end behind the file; without a kind where its CRC is wrong */
function boundedAt(file: Uint8Array, at: number) {
  if (at + HEAD_BYTES + BODY_HEAD_BYTES > file.length) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const from = at + HEAD_BYTES;
  const until = from + view.getUint32(at, true);
  if (until > file.length || until < from + BODY_HEAD_BYTES) return undefined;
  const isWhole = crc32(file.subarray(from, until)) === view.getUint32(at + 4, true);
  return {
    kind: isWhole ? view.getUint8(from) : undefined,
    number: Number(view.getBigUint64(from + 1, true)),
    bytes: file.slice(from + BODY_HEAD_BYTES, until),
  };
}

function framed(kind: number, number: number, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + BODY_HEAD_BYTES + bytes.length);
  const view = new DataView(frame.buffer);
  view.setUint8(HEAD_BYTES, kind);
  view.setBigUint64(HEAD_BYTES + 1, BigInt(number), true);
  frame.set(bytes, HEAD_BYTES + BODY_HEAD_BYTES);
  view.setUint32(0, frame.length - HEAD_BYTES, true);
  view.setUint32(4, crc32(frame.subarray(HEAD_BYTES)), true);
  return frame;
}

function startsWithMagic(file: Uint8Array): boolean {
  return MAGIC.every((byte, i) => file[i] === byte);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
