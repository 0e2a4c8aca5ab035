import { parseStrictJson } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { cutDetail } from "../../../../agent/src/domain/install/cut-detail.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

test.each([
  ["a text of 512 bytes stays as it is", "a".repeat(512), "a".repeat(512)],
  ["one of 513 loses its last", "a".repeat(513), "a".repeat(512)],
  ["a character that does not fit whole is left out", `${"a".repeat(511)}é`, "a".repeat(511)],
  ["a pair of surrogates is not cut in two", `${"a".repeat(510)}😀`, "a".repeat(510)],
  ["control characters become one space", "line one\r\n\u0000line two", "line one line two"],
])("%s", (_, text, expected) => {
  expect(cutDetail(text)).toBe(expected);
});

test("half a surrogate pair becomes what a strict reader takes", () => {
  const cut = cutDetail("\ud83d broken \ude00");

  const bytes = new TextEncoder().encode(JSON.stringify(cut));
  expect(parseStrictJson(bytes, { bytesMax: 1_000 })).toBe("\ufffd broken \ufffd");
});

test("a shorter bound holds too, and 0 leaves nothing", () => {
  expect(bytesOf(cutDetail("é".repeat(100), 65))).toBe(64);
  expect(cutDetail("anything", 0)).toBe("");
});
