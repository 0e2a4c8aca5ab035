import { CapturePolicy } from "@modelfleet/protocol";
import { expect, test } from "vitest";

const key = Buffer.alloc(32, 0xff).toString("base64");
const accepts = (recipient: string) =>
  CapturePolicy.safeParse({
    ...{ id: "retrain-1", strategy: "random", level: 0.1 },
    ...{ bytesPerDayMax: 1_048_576, keepMs: 86_400_000, recipient },
  }).success;

test.each([0, 1, 9, 0x80, 0xff])("a recipient of 32 bytes of %i is one", (byte) => {
  expect(accepts(Buffer.alloc(32, byte).toString("base64"))).toBe(true);
});

test.each([
  ["of 31 bytes", Buffer.alloc(31, 0xff).toString("base64")],
  ["of 33 bytes", Buffer.alloc(33, 0xff).toString("base64")],
  ["with bits over that are not zero", `${key.slice(0, 42)}9=`],
  ["without its padding", key.slice(0, 43)],
  ["in the alphabet of addresses", key.replaceAll("/", "_")],
  ["with a line break", `${key}\n`],
  ["that is empty", ""],
])("a recipient %s is refused when the release is written", (_, recipient) => {
  expect(accepts(recipient)).toBe(false);
});
