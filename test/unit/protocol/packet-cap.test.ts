import { PacketCap } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../support/random.ts";

const TYPE = 0x30;

/** The announced length as MQTT writes it, least significant group first (3.1.1, 2.2.3). */
function lengthOf(bytes: number): number[] {
  const digit = bytes % 128;
  const rest = (bytes - digit) / 128;
  return rest === 0 ? [digit] : [digit + 128, ...lengthOf(rest)];
}

const packet = (bytes: number) =>
  Uint8Array.from([TYPE, ...lengthOf(bytes), ...new Uint8Array(bytes)]);
const header = (bytes: number) => Uint8Array.from([TYPE, ...lengthOf(bytes)]);
const take =
  (cap: PacketCap, ...chunks: readonly Uint8Array[]) =>
  () => {
    for (const chunk of chunks) cap.take(chunk);
  };

describe("a cap of packets", () => {
  test.each([
    0, 1, 127, 128, 16_383, 16_384,
  ])("of %i bytes takes a packet of just that", (bytes) => {
    expect(take(new PacketCap(bytes), packet(bytes), packet(bytes))).not.toThrow();
  });

  test.each([0, 1, 127, 128, 16_383, 16_384])("of %i bytes refuses one byte more", (bytes) => {
    const refused = take(new PacketCap(bytes), header(bytes + 1));
    expect(refused).toThrow(`at most ${bytes} bytes`);
  });

  test("refuses 256 MiB at its header, before any of it came", () => {
    const refused = take(new PacketCap(128 * 1_024), header(268_435_455));
    expect(refused).toThrow(expect.objectContaining({ code: "SIZE" }));
  });

  test("refuses a length that never ends, and takes one of four bytes", () => {
    const cap = new PacketCap(268_435_455);
    expect(take(cap, Uint8Array.of(TYPE, 0xff, 0xff, 0xff, 0x7f))).not.toThrow();
    const endless = Uint8Array.of(TYPE, 0x80, 0x80, 0x80, 0x80);
    expect(take(new PacketCap(1_000), endless)).toThrow("in at most 4 bytes");
  });

  test("counts a length written longer than it needs as what it says", () => {
    const five = Uint8Array.of(TYPE, 0x85, 0x80, 0x00, 1, 2, 3, 4, 5);
    expect(take(new PacketCap(5), five, packet(5))).not.toThrow();
    expect(take(new PacketCap(4), five)).toThrow("at most 4 bytes");
  });

  test("refuses a message of QoS 2 or 3 at its first byte, and takes all others and every other packet", () => {
    const refused = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => {
      try {
        new PacketCap(10).take(Uint8Array.of(byte, 0));
        return false;
      } catch {
        return true;
      }
    });
    expect(refused).toEqual([0x34, 0x35, 0x36, 0x37, 0x3c, 0x3d, 0x3e, 0x3f]);
  });

  test.each([127, 128, 16_383, 16_384])("of %i bytes is held at every cut of a header", (bytes) => {
    const before = packet(1);
    const cuts = Array.from({ length: before.length + header(bytes).length + 1 }, (_, cut) => cut);
    for (const cut of cuts) {
      const [good, bad] = [packet(bytes), header(bytes + 1)].map((last) =>
        Uint8Array.from([...before, ...last]),
      ) as [Uint8Array, Uint8Array];
      expect(take(new PacketCap(bytes), good.subarray(0, cut), good.subarray(cut))).not.toThrow();
      expect(take(new PacketCap(bytes), bad.subarray(0, cut), bad.subarray(cut))).toThrow(
        "at most",
      );
    }
  });

  test("finds every header however the stream is cut, and the one that is too large at its very byte", () => {
    const seed = 20_261_121;
    const random = seededRandom(seed);
    for (let round = 0; round < 200; round += 1) {
      const sizes = Array.from({ length: 1 + random.below(6) }, () => random.below(300));
      const good = sizes.flatMap((bytes) => [...packet(bytes)]);
      const stream = Uint8Array.from([...good, ...header(301)]);
      const cap = new PacketCap(300);
      let at = 0;
      let refusedAt = -1;
      while (at < stream.length && refusedAt < 0) {
        const end = Math.min(stream.length, at + 1 + random.below(40));
        try {
          cap.take(stream.subarray(at, end));
        } catch {
          refusedAt = end;
        }
        at = end;
      }
      expect(refusedAt, `seed ${seed}, round ${round}`).toBe(stream.length);
    }
  });
});
