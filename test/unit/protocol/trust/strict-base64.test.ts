import { decodeBase64, encodeBase64 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

describe("decodeBase64", () => {
  test.each(["", "AA==", "AAA=", "AAAA", "+/+/", "-_-_"])("takes %j", (text) => {
    expect(decodeBase64(text)).toBeInstanceOf(Uint8Array);
  });

  test("reads the URL alphabet as the same bytes", () => {
    expect(decodeBase64("-_8=")).toEqual(decodeBase64("+/8="));
  });

  test.each([
    "AA",
    "AAA",
    "AA=",
    "A===",
    "AA==AA==",
    "AB==",
    "AAB=",
    " AAAA",
    "AA AA",
    "AAAA\n",
    "AA!A",
    "+_AA",
    "é===",
  ])("refuses %j", (text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });

  test("gives back what encodeBase64 wrote, also of a view", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);

    expect(decodeBase64(encodeBase64(bytes.subarray(3, 200)))).toEqual(bytes.slice(3, 200));
  });
});
