import { expect, test } from "vitest";
import {
  goneBytes,
  parseShelf,
  recordBytes,
  shelfFile,
} from "../../../../agent/src/adapters/file-shelf/shelf-bytes.ts";
import type { ShelfRecord } from "../../../../agent/src/ports/window-shelf.ts";

const records: readonly ShelfRecord[] = Array.from({ length: 6 }, (_, id) => ({
  kind: id % 2 === 0 ? "window" : "feedback",
  id,
  bytes: Uint8Array.from({ length: 5 * id }, (_, i) => i ^ id),
}));
const whole = joined([
  shelfFile({ records: records.slice(0, 3), dropped: 9, nextId: 3 }),
  recordBytes(records.slice(3)),
  goneBytes([1, 4]),
]);

test("what is written is read", () => {
  expect(parseShelf(whole)).toEqual({
    records: records.filter(({ id }) => id !== 1 && id !== 4),
    dropped: 9,
    nextId: 6,
    wholeBytes: whole.length,
  });
});

test("T26: of a file that is cut at any byte, everything before the cut is there and nothing else", () => {
  let before = 0;
  for (let cut = 0; cut <= whole.length; cut++) {
    const found = parseShelf(whole.subarray(0, cut));
    expect(found.wholeBytes).toBeLessThanOrEqual(cut);
    // What stands there after the cut is the same as if the file had been written so far and no further.
    expect(found).toEqual(parseShelf(whole.subarray(0, found.wholeBytes)));
    expect(found.wholeBytes).toBeGreaterThanOrEqual(before);
    for (const record of found.records) expect(records[record.id]).toEqual(record);
    before = found.wholeBytes;
  }
});

test("a file with one bit that is wrong says less, and never anything else", () => {
  for (let at = 0; at < whole.length; at++) {
    const bytes = Uint8Array.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    const found = parseShelf(bytes);
    expect(found.wholeBytes).toBeLessThanOrEqual(at);
    for (const record of found.records) expect(records[record.id]).toEqual(record);
  }
});

test("a record that is damaged costs itself, is counted, and what is behind it is read", () => {
  const before = shelfFile({ records: records.slice(0, 2), dropped: 9, nextId: 2 });
  const bytes = joined([before, recordBytes(records.slice(2))]);
  const last = before.length + recordBytes(records.slice(2, 3)).length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;

  expect(parseShelf(bytes)).toEqual({
    records: records.filter(({ id }) => id !== 2),
    dropped: 10,
    nextId: 6,
    wholeBytes: before.length,
  });
});

test("numbers go on behind records that are gone, and no file is an empty shelf", () => {
  const gone = joined([
    shelfFile({ records: records.slice(0, 2), dropped: 0, nextId: 2 }),
    goneBytes([0, 1]),
  ]);

  expect(parseShelf(gone)).toMatchObject({ records: [], nextId: 2 });
  expect(parseShelf(shelfFile({ records: [], dropped: 4, nextId: 70 }))).toMatchObject({
    nextId: 70,
    dropped: 4,
  });
  expect(parseShelf(new Uint8Array(0))).toMatchObject({ records: [], nextId: 0, wholeBytes: 0 });
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
