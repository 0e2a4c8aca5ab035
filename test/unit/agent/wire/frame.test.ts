import { elementTypes } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementWidth } from "../../../../agent/src/wire/element-width.ts";
import { encodeFrame, FrameDecoder } from "../../../../agent/src/wire/frame.ts";

const limits = { frameBytesMax: 4_096, frameHeaderBytesMax: 256 };

const frames = fc.array(
  fc.record({
    header: fc.record({ kind: fc.string({ maxLength: 20 }), id: fc.nat() }),
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
        const stream = Buffer.concat(
          sent.flatMap(({ header, parts }) => encodeFrame(header, parts, limits)),
        );
        const decoder = new FrameDecoder(limits);

        const got = cutUp(stream, cuts).flatMap((piece) => decoder.push(piece));

        expect(got.map(({ header }) => header)).toEqual(sent.map(({ header }) => header));
        expect(got.map(({ body }) => [...body])).toEqual(
          sent.map(({ parts }) => paddedParts(parts)),
        );
        expect(decoder.isMidFrame()).toBe(false);
      },
    ),
  );
});

test("every body starts at an address that suits any element type", () => {
  const [head] = encodeFrame({ kind: "x" }, [], limits);
  const stream = Buffer.concat([
    ...encodeFrame({ a: 1 }, [Buffer.from("abc")], limits),
    head ?? Buffer.alloc(0),
  ]);

  const whole = new FrameDecoder(limits).push(Buffer.from(Uint8Array.from(stream).buffer));
  const decoder = new FrameDecoder(limits);
  const inPieces = cutUp(stream, [5, 9]).flatMap((piece) => decoder.push(piece));

  for (const { body } of [...whole, ...inPieces]) expect(body.byteOffset % 8).toBe(0);
});

describe("a peer that does not keep to the form", () => {
  const prefix = (total: number, headerBytes: number, rest = "") => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(total, 0);
    bytes.writeUInt32LE(headerBytes, 4);
    return Buffer.concat([bytes, Buffer.from(rest)]);
  };

  test("is refused before a frame longer than the limit is stored", () => {
    const decoder = new FrameDecoder(limits);

    expect(decoder.push(prefix(limits.frameBytesMax, 16))).toEqual([]);
    expect(() => new FrameDecoder(limits).push(prefix(limits.frameBytesMax + 8, 16))).toThrow(
      "expected a frame of at most 4096 bytes, got 4104",
    );
  });

  test("is refused for a header longer than its limit, or longer than its frame", () => {
    expect(() => new FrameDecoder(limits).push(prefix(1_024, 264))).toThrow(
      "header of at most 256",
    );
    expect(() => new FrameDecoder(limits).push(prefix(16, 16))).toThrow("header inside its frame");
    expect(() => new FrameDecoder(limits).push(prefix(0, 0))).toThrow("header inside its frame");
    expect(() => new FrameDecoder(limits).push(prefix(21, 8))).toThrow("header inside its frame");
  });

  test("is refused for a header that is not JSON", () => {
    expect(() => new FrameDecoder(limits).push(prefix(16, 8, "{oops!!!"))).toThrow(
      "header of JSON",
    );
  });

  test("a frame larger than the peer takes is refused where it is made", () => {
    const parts = [new Uint8Array(limits.frameBytesMax)];

    expect(() => encodeFrame({}, parts, limits)).toThrow("expected a frame of at most 4096 bytes");
    expect(() => encodeFrame({ text: "x".repeat(300) }, [], limits)).toThrow(
      "header of at most 256",
    );
  });
});

test("the runner's own table of element widths is that of the contract", () => {
  const contract = Object.entries(elementTypes).map(([dtype, { bytes }]) => [dtype, bytes]);

  expect(Object.entries(elementWidth).sort()).toEqual(contract.sort());
});

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
