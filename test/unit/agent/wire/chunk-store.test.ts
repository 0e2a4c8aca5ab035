import { describe, expect, test } from "vitest";
import { chunkStore } from "../../../../agent/src/wire/chunk-store.ts";

const KIB = 1024;
const chunkOf = (value: number, length: number) => Buffer.alloc(length, value);
/** Node.js 20 has no way to give memory back. */
const givesBack = "transfer" in ArrayBuffer.prototype;

describe("the body of a message", () => {
  test.each([
    ["that says no length", undefined],
    ["of one piece at most", String(64 * KIB)],
    ["set aside for beforehand", String(96 * KIB)],
    ["larger than what is believed beforehand", String(1024 * KIB)],
    ["whose length is no number", "many"],
  ])("%s is its pieces in their order, whose memory is given back", (_, announced) => {
    const store = chunkStore(announced, 512 * KIB);
    const chunks = [1, 2, 3].map((value) => chunkOf(value, 32 * KIB));
    const expected = Buffer.concat(chunks);

    for (const chunk of chunks) store.push(chunk);

    expect(store.whole().equals(expected)).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual(
      chunks.map(() => (givesBack ? 0 : 32 * KIB)),
    );
  });

  test("of one piece is that piece, without a copy", () => {
    const chunk = chunkOf(1, 10);
    const store = chunkStore("10", 512 * KIB);

    store.push(chunk);

    expect(store.whole()).toBe(chunk);
  });

  test("that ends before its announced length is what has come of it", () => {
    const store = chunkStore(String(128 * KIB), 512 * KIB);

    store.push(chunkOf(7, 100));

    expect(store.whole().equals(chunkOf(7, 100))).toBe(true);
  });

  test("leaves alone what lies in a buffer with others", () => {
    const shared = chunkOf(5, 200 * KIB);
    const store = chunkStore(undefined, 512 * KIB);

    store.push(shared.subarray(0, 100 * KIB));
    store.push(shared.subarray(100 * KIB));

    expect(store.whole().equals(shared)).toBe(true);
    expect(shared.length).toBe(200 * KIB);
  });
});
