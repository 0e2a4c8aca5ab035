import { hmacSha256, keyedSha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";

// RFC 4231, 4.2, 4.3 and 4.7: a plain key, a short one, and one longer than a block.
const cases = [
  {
    key: "0b".repeat(20),
    text: Buffer.from("Hi There").toString("hex"),
    mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    key: Buffer.from("Jefe").toString("hex"),
    text: Buffer.from("what do ya want for nothing?").toString("hex"),
    mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    key: "aa".repeat(131),
    text: Buffer.from("Test Using Larger Than Block-Size Key - Hash Key First").toString("hex"),
    mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
];

test.each(cases)("HMAC-SHA-256 is that of RFC 4231: $mac", ({ key, text, mac }) => {
  const bytes = Buffer.from(text, "hex");
  const keyed = keyedSha256(Buffer.from(key, "hex"));

  expect(hmacSha256(Buffer.from(key, "hex"), bytes)).toBe(mac);
  expect([keyed(bytes), keyed(bytes)]).toEqual([mac, mac]);
});
