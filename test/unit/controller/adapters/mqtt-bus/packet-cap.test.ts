import { expect, test } from "vitest";
import { PacketCap } from "../../../../../controller/src/adapters/mqtt-bus/packet-cap.ts";

const bytesMax = 300;
/** A PUBLISH whose header announces so many bytes, with as many of them as are given. */
const packet = (length: readonly number[], body = 0) =>
  Uint8Array.from([0x30, ...length, ...Array<number>(body).fill(0xff)]);
/** 300 and 301 as MQTT writes them. */
const [largest, tooLarge] = [
  [0xac, 2],
  [0xad, 2],
];

test.each([1, 2, 3, 7, 1_000])("packets up to the cap go through, in chunks of %i", (step) => {
  const cap = new PacketCap(bytesMax);
  const bytes = [packet(largest, 300), packet([0]), packet([2], 2), packet(largest, 300)];
  const all = Uint8Array.from(bytes.flatMap((one) => [...one]));

  for (let at = 0; at < all.length; at += step) cap.take(all.subarray(at, at + step));

  expect(() => cap.take(packet(tooLarge))).toThrow("at most 300 bytes");
});

test.each([
  { what: "one byte more", bytes: packet(tooLarge) },
  { what: "256 MiB", bytes: packet([0xff, 0xff, 0xff, 0x7f]) },
  { what: "a length of five bytes", bytes: packet([0x80, 0x80, 0x80, 0x80, 0]) },
])("$what is refused at the header, before anything of it has come", ({ bytes }) => {
  expect(() => new PacketCap(bytesMax).take(bytes)).toThrow(
    expect.objectContaining({ code: "TOO_LARGE" }),
  );
});
