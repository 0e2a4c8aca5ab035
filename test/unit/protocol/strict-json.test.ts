import { parseStrictJson } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/trust-fixtures.ts";

const limits = { bytesMax: 200_000 };
const parse = (text: string) => parseStrictJson(Buffer.from(text), limits);
const parsePlain = (text: string) =>
  parseStrictJson(Buffer.from(text), { ...limits, plainIntegers: true });

describe("parseStrictJson", () => {
  test.each([
    '{"a":[1,-2.5e3,true,false,null,"\\u00e9\\n\\"}{"]}',
    ' {\n"a" :\t{ "a": { } } , "b":[] }\r\n',
    '"\\\\"',
    '["a:b","a:b",{"k":"k"},{"k":"k"}]',
    '{"a\\"":1,"a\\\\":2}',
    "0",
    "[0.1,1E+2,-0]",
  ])("reads %j as any reader does", (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"x":{"b":1,"c":2,"b":3}}]',
    '{"a":{},"a":1}',
  ])("refuses the repeated key in %j", (text) => {
    expect(refusal(() => parse(text))).toBe("FORMAT");
  });

  test.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "01",
    "+1",
    ".5",
    "1.",
    "0x10",
    "NaN",
    "Infinity",
    "'a'",
    "{a:1}",
    '"\t"',
    '"\\x41"',
    "[1]2",
    "// no\n1",
    "\u00a01",
  ])("refuses %j, which is not JSON", (text) => {
    expect(refusal(() => parse(text))).toBe("FORMAT");
  });

  test("refuses a number beyond a double", () => {
    expect(parse("1e308")).toBe(1e308);
    expect(refusal(() => parse("[1e309]"))).toBe("FORMAT");
    expect(refusal(() => parse("-1e999"))).toBe("FORMAT");
  });

  test("takes whole numbers in plain digits only, where counters are read", () => {
    expect(parsePlain("[0,-1,9007199254740991,0.5,1e-3]")).toHaveLength(5);
    for (const text of ["1e3", "1.0", "-0", "5E0", "9007199254740991.4"]) {
      expect(refusal(() => parsePlain(text))).toBe("FORMAT");
    }
  });

  test("takes 16 levels and refuses 17", () => {
    expect(refusal(() => parse("[".repeat(16) + "]".repeat(16)))).toBe("accepted");
    expect(refusal(() => parse("[".repeat(17) + "]".repeat(17)))).toBe("FORMAT");
  });

  test("refuses 60,000 levels without overflowing", () => {
    expect(refusal(() => parse("[".repeat(60_000) + "]".repeat(60_000)))).toBe("FORMAT");
    expect(refusal(() => parse('{"a":'.repeat(30_000)))).toBe("FORMAT");
  });

  test.each([
    '{"__proto__":{"stolen":1}}',
    '{"\\u005f_proto__":1}',
    '[{"a":{"__proto__":[]}}]',
  ])("refuses %j and leaves every prototype alone", (text) => {
    expect(refusal(() => parse(text))).toBe("FORMAT");
    expect("stolen" in {}).toBe(false);
  });

  test("takes names that every object inherits as ordinary keys", () => {
    const value = parse('{"constructor":1,"toString":2,"hasOwnProperty":3}');

    expect(value).toEqual({ constructor: 1, toString: 2, hasOwnProperty: 3 });
  });

  test("refuses a byte order mark and bytes that are not UTF-8", () => {
    const invalid = [
      [0xef, 0xbb, 0xbf, 0x31],
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0xff, 0xfe, 0x31, 0x00],
    ];
    for (const bytes of invalid) {
      expect(refusal(() => parseStrictJson(Uint8Array.from(bytes), limits))).toBe("FORMAT");
    }
  });

  test("measures the size in bytes, before it parses", () => {
    const text = Buffer.from('"éé"');

    expect(parseStrictJson(text, { bytesMax: 6 })).toBe("éé");
    expect(refusal(() => parseStrictJson(text, { bytesMax: 5 }))).toBe("SIZE");
  });

  test("never shows the input in its message", () => {
    expect(() => parse('{"secret":hunter2}')).toThrow(/^expected JSON, got 18 characters/);
  });

  test("reads a string of megabytes and a run of backslashes", () => {
    const long = JSON.stringify({ data: "x".repeat(3_000_000), slashes: "\\".repeat(100_000) });
    const value = parseStrictJson(Buffer.from(long), { bytesMax: 4_000_000 });

    expect(JSON.stringify(value)).toBe(long);
  });
});
