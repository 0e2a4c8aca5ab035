import { expect, test } from "vitest";
import { requestedRange } from "../../../../controller/src/http/downloads/byte-range.ts";

const etag = '"content"';
const ask = (range: string | undefined, sizeBytes = 100, ifRange?: string) =>
  requestedRange({ range, ifRange, etag, sizeBytes });

test.each([
  { range: "bytes=0-99", fromByte: 0, untilByte: 100 },
  { range: "bytes=0-100", fromByte: 0, untilByte: 100 },
  { range: "bytes=99-99", fromByte: 99, untilByte: 100 },
  { range: "bytes=99-", fromByte: 99, untilByte: 100 },
  { range: "bytes=-1", fromByte: 99, untilByte: 100 },
  { range: "bytes=-101", fromByte: 0, untilByte: 100 },
  { range: " bytes=1-2 ", fromByte: 1, untilByte: 3 },
])("$range of 100 bytes is a part", ({ range, fromByte, untilByte }) => {
  expect(ask(range)).toEqual({ kind: "part", fromByte, untilByte });
});

test.each([
  "bytes=100-",
  "bytes=100-100",
  "bytes=-0",
  "bytes=999999999999999-",
])("%s of 100 bytes cannot be satisfied", (range) => {
  expect(ask(range)).toEqual({ kind: "unsatisfiable" });
});

test.each([
  undefined,
  "",
  "bytes",
  "bytes=",
  "bytes=-",
  "bytes=5-4",
  "bytes=0-0,2-2",
  "bytes=1.5-2",
  "bytes=0x1-2",
  "Bytes=0-1",
  "bytes=1 - 2",
  `bytes=${"9".repeat(16)}-`,
])("%s is answered with the whole", (range) => {
  expect(ask(range)).toEqual({ kind: "whole" });
});

test("an empty file has no part", () => {
  expect(ask("bytes=0-", 0)).toEqual({ kind: "unsatisfiable" });
  expect(ask("bytes=-1", 0)).toEqual({ kind: "unsatisfiable" });
});

test("a range counts only for the content it was asked of", () => {
  expect(ask("bytes=0-1", 100, etag).kind).toBe("part");
  expect(ask("bytes=0-1", 100, '"other"').kind).toBe("whole");
  expect(ask("bytes=0-1", 100, `W/${etag}`).kind).toBe("whole");
});
