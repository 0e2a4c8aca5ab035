import { elementTypes } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementWidth } from "../../../../agent/src/wire/element-width.ts";
import {
  encodeFrame,
  FRAME_ID_MAX,
  FrameDecoder,
  headerBytes,
} from "../../../../agent/src/wire/frame.ts";

const limits = { frameBytesMax: 4_096, frameHeaderBytesMax: 256 };

const frames = fc.array(
  fc.record({
    id: fc.oneof(fc.nat(), fc.constantFrom(0, FRAME_ID_MAX)),
    // Few, so that many frames in a row have the same one.
    header: fc.constantFrom({ kind: "a" }, { kind: "b" }, { kind: "ä", more: [1, 2] }, null),
    parts: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 8 },
);

test("frames come out whole and in order, however the bytes are cut into pieces", () => {
  fc.assert(
    fc.property(
      frames,
      fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.flatMap(encode));
        const decoder = new FrameDecoder(limits, readAny);

        const got = cutUp(stream, cuts).flatMap((piece) => decoder.push(piece));

        expect(got.map(({ id, header }) => ({ id, header }))).toEqual(
          sent.map(({ id, header }) => ({ id, header })),
        );
        expect(got.map(({ body }) => [...body])).toEqual(
          sent.map(({ parts }) => paddedParts(parts)),
        );
        expect(decoder.isMidFrame()).toBe(false);
      },
    ),
  );
});

test("whoever reads the pieces is told which of them no message lies in", () => {
  const decoder = new FrameDecoder(limits, readAny);
  const bytes = bytesOf({ id: 1, header: "a", parts: [new Uint8Array(64)] });
  const holdsViews = (piece: Buffer) => {
    decoder.push(piece);
    return decoder.hasViews();
  };

  expect(holdsViews(bytes)).toBe(true);
  expect(holdsViews(bytes.subarray(0, 40))).toBe(false);
  expect(holdsViews(bytes.subarray(40))).toBe(false);
  expect(holdsViews(bytes.subarray(0, 8))).toBe(false);
  expect(holdsViews(Buffer.concat([bytes.subarray(8), bytes]))).toBe(true);
  expect(holdsViews(bytes.subarray(0, 1))).toBe(false);
});

test("a header is read once for all frames in a row that have it", () => {
  const read: unknown[] = [];
  const decoder = new FrameDecoder(limits, (header) => {
    read.push(header);
    return (id: number) => id;
  });
  const [first, second] = [{ kind: "a" }, { kind: "b" }];
  const headers = [first, first, second, second, first];

  const got = headers.flatMap((header, id) => decoder.push(bytesOf({ id, header, parts: [] })));

  expect(got).toEqual([0, 1, 2, 3, 4]);
  expect(read).toEqual([first, second, first]);
});

test("every body starts at an address that suits any element type", () => {
  const stream = Buffer.concat([
    ...encode({ id: 1, header: { a: 1 }, parts: [Buffer.from("abc")] }),
    ...encode({ id: 2, header: { kind: "x" }, parts: [] }),
  ]);

  const aligned = Buffer.from(Uint8Array.from(stream).buffer);
  const whole = new FrameDecoder(limits, readAny).push(aligned);
  const decoder = new FrameDecoder(limits, readAny);
  const inPieces = cutUp(stream, [5, 9]).flatMap((piece) => decoder.push(piece));

  expect(whole).toHaveLength(2);
  for (const { body } of [...whole, ...inPieces]) expect(body.byteOffset % 8).toBe(0);
});

describe("a peer that does not keep to the form", () => {
  const decoder = () => new FrameDecoder(limits, readAny);
  const prefix = (total: number, headerLength: number, rest = "", spare = 0) => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt32LE(total, 0);
    bytes.writeUInt32LE(headerLength, 4);
    bytes.writeUInt32LE(spare, 12);
    return Buffer.concat([bytes, Buffer.from(rest)]);
  };

  test("is refused before a frame longer than the limit is stored", () => {
    expect(decoder().push(prefix(limits.frameBytesMax, 16))).toEqual([]);
    expect(() => decoder().push(prefix(limits.frameBytesMax + 8, 16))).toThrow(
      "expected a frame of at most 4096 bytes, got 4104",
    );
  });

  test("is refused for a header longer than its limit, or longer than its frame", () => {
    expect(() => decoder().push(prefix(1_024, 264))).toThrow("header of at most 256");
    expect(() => decoder().push(prefix(24, 16))).toThrow("header inside its frame");
    expect(() => decoder().push(prefix(16, 0))).toThrow("header inside its frame");
    expect(() => decoder().push(prefix(0, 0))).toThrow("header inside its frame");
    expect(() => decoder().push(prefix(29, 8))).toThrow("header inside its frame");
  });

  test("is refused for anything in the place that is kept free", () => {
    expect(() => decoder().push(prefix(24, 8, "{}      ", 1))).toThrow("expected zero");
    expect(decoder().push(prefix(24, 8, "{}      "))).toMatchObject([{ header: {} }]);
  });

  test("is refused for a header that is not JSON, also when it comes again", () => {
    const bad = prefix(24, 8, "{oops!!!");
    const met = decoder();

    expect(() => met.push(bad)).toThrow("header of JSON");
    expect(() => met.push(bad)).toThrow("header of JSON");
  });

  test("a frame larger than the peer takes is refused where it is made", () => {
    const parts = [new Uint8Array(limits.frameBytesMax)];
    const header = { text: "x".repeat(300) };

    expect(() => encode({ id: 1, header: {}, parts })).toThrow("frame of at most 4096 bytes");
    expect(() => encode({ id: 1, header, parts: [] })).toThrow("header of at most 256");
  });
});

test("the runner's own table of element widths is that of the contract", () => {
  const contract = Object.entries(elementTypes).map(([dtype, { bytes }]) => [dtype, bytes]);

  expect(Object.entries(elementWidth).sort()).toEqual(contract.sort());
});

interface Plain {
  readonly id: number;
  readonly header: unknown;
  readonly parts: readonly Uint8Array[];
}

function encode({ id, header, parts }: Plain): Uint8Array[] {
  return encodeFrame({ id, header: headerBytes(header), parts }, limits);
}

function bytesOf(frame: Plain): Buffer {
  return Buffer.concat(encode(frame));
}

function readAny(header: unknown) {
  return (id: number, body: Uint8Array) => ({ id, header, body });
}

function cutUp(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const end = at + (cuts[i % cuts.length] ?? 1);
    pieces.push(Buffer.from(stream.subarray(at, end)));
    at = end;
  }
  return pieces;
}

function paddedParts(parts: readonly Uint8Array[]): number[] {
  return parts.flatMap((part) => {
    const missing = (8 - (part.length % 8)) % 8;
    return [...part, ...new Uint8Array(missing)];
  });
}
