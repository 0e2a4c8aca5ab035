import { expect, test } from "vitest";
import { readFixedHeader } from "../../../../controller/src/adapters/aedes-broker/fixed-header.ts";

/** Lengths from MQTT 3.1.1, table 2.4: the first and last of one, two, three and four digits. */
const lengths = [
  { bodyBytes: 0, digits: [0x00] },
  { bodyBytes: 127, digits: [0x7f] },
  { bodyBytes: 128, digits: [0x80, 0x01] },
  { bodyBytes: 16_383, digits: [0xff, 0x7f] },
  { bodyBytes: 16_384, digits: [0x80, 0x80, 0x01] },
  { bodyBytes: 2_097_151, digits: [0xff, 0xff, 0x7f] },
  { bodyBytes: 2_097_152, digits: [0x80, 0x80, 0x80, 0x01] },
  { bodyBytes: 268_435_455, digits: [0xff, 0xff, 0xff, 0x7f] },
];

test.each(lengths)("a body of $bodyBytes bytes is read from its digits", ({
  bodyBytes,
  digits,
}) => {
  const bytes = Buffer.from([0x55, 0x3d, ...digits, 0x99]);

  expect(readFixedHeader(bytes, 1)).toEqual({
    kind: "header",
    type: 3,
    packetBytes: 1 + digits.length + bodyBytes,
  });
});

test.each(lengths)("a header for $bodyBytes bytes is incomplete until its last digit", ({
  digits,
}) => {
  for (let length = 0; length < 1 + digits.length; length += 1) {
    const bytes = Buffer.from([0x30, ...digits]).subarray(0, length);
    expect(readFixedHeader(bytes, 0)).toEqual({ kind: "incomplete" });
  }
});

test.each([
  { what: "a fifth digit", bytes: [0x30, 0x80, 0x80, 0x80, 0x80] },
  { what: "type 0", bytes: [0x0f, 0x00] },
  { what: "type 15", bytes: [0xf0, 0x00] },
])("$what is malformed", ({ bytes }) => {
  expect(readFixedHeader(Buffer.from(bytes), 0)).toEqual({ kind: "malformed" });
});
