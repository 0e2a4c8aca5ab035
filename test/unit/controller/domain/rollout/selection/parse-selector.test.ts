import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rolloutLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { RolloutError } from "../../../../../../controller/src/domain/errors.ts";
import { parseSelector } from "../../../../../../controller/src/domain/rollout/selection/parse-selector.ts";
import { printSelector } from "../../../../../../controller/src/domain/rollout/selection/print-selector.ts";
import type {
  SelectEquals,
  SelectorFields,
} from "../../../../../../controller/src/domain/rollout/selection/selector.ts";

function equals(field: string, value: string): SelectEquals {
  return { kind: "equals", field, negated: false, pieces: value.split("*") };
}

function faultOf(text: string): string {
  try {
    parseSelector(text);
  } catch (error) {
    if (error instanceof RolloutError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error(`expected a refusal of ${text}`);
}

describe("what a text means", () => {
  test("and binds tighter than or", () => {
    expect(parseSelector("site==plant-a;class=in=(cam-v2,cam-v3),online==true")).toEqual({
      kind: "or",
      parts: [
        {
          kind: "and",
          parts: [
            equals("site", "plant-a"),
            { kind: "in", field: "class", negated: false, values: ["cam-v2", "cam-v3"] },
          ],
        },
        equals("online", "true"),
      ],
    });
  });

  test("parentheses come first, and those that change nothing leave no trace", () => {
    expect(parseSelector("a==1;(b==2,c==3)")).toEqual({
      kind: "and",
      parts: [equals("a", "1"), { kind: "or", parts: [equals("b", "2"), equals("c", "3")] }],
    });
    expect(parseSelector("((a==1;(b==2));((c==3)))")).toEqual(parseSelector("a==1;b==2;c==3"));
  });

  test("the empty text and one of spaces mean every device", () => {
    expect(parseSelector("")).toEqual({ kind: "all" });
    expect(parseSelector(" \n\t")).toEqual({ kind: "all" });
  });

  test("space and line breaks between the parts mean nothing", () => {
    expect(parseSelector(" site == plant-a ;\n  class =in= ( cam-v2 , cam-v3 ) ")).toEqual(
      parseSelector("site==plant-a;class=in=(cam-v2,cam-v3)"),
    );
  });

  test("a word with stars is a pattern, a quoted one is itself", () => {
    expect(parseSelector("id==cam-*-0*")).toEqual(equals("id", "cam-*-0*"));
    expect(parseSelector("id=='cam-*'")).toEqual({ ...equals("id", ""), pieces: ["cam-*"] });
  });

  test("a quoted value may hold anything but a line break, its quote behind a backslash", () => {
    expect(parseSelector(String.raw`a=="x;y,(z) \"\\ 'é"`)).toEqual(equals("a", `x;y,(z) "\\ 'é`));
  });

  test.each([
    ["version.main<1.2.0", "version.main=lt=1.2.0"],
    ["version.main<=1.2.0", "version.main=le=1.2.0"],
    ["memoryMiB>512", "memoryMiB=gt=512"],
    ["memoryMiB>=512", "memoryMiB=ge=512"],
  ])("%s is %s", (sign, word) => {
    expect(parseSelector(sign)).toEqual(parseSelector(word));
  });
});

describe("what is refused, and where", () => {
  test.each([
    ["site=plant-a", 5, "one of == "],
    ["site===plant-a", 7, "one of == "],
    ["site==", 7, "a value"],
    ["site", 5, "one of == "],
    ["==plant-a", 1, "the name of a field"],
    ["site==a;", 9, "the name of a field"],
    ["site==a;;class==b", 9, "the name of a field"],
    ["site==a class==b", 9, "; or , or the end"],
    ["site==a)", 8, "; or , or the end"],
    ["(site==a", 9, "; or , or )"],
    ["()", 2, "the name of a field"],
    ["site=in=plant-a", 9, "( and values"],
    ["site=in=()", 10, "a value"],
    ["site=in=(a,)", 12, "a value"],
    ["site=in=(a", 11, ", or )"],
    ["site=in=(a*)", 10, "a value without *"],
    ["site=like=a", 5, "one of == "],
    ["site<plant-a", 6, "a number or a version"],
    ["site<1.2.3.4", 6, "a number or a version"],
    ["online==yes", 9, "true or false"],
    ["online=in=(true,no)", 17, "true or false"],
    ["online>true", 8, "== or != before a value"],
    ["online==t*", 9, "a whole value"],
    ["memoryMiB==lots", 12, "a number"],
    ["memoryMiB==5*", 12, "a whole value"],
    ['site=="a', 7, "a text that ends with the quote"],
    ['site=="a\nb"', 7, "a text that ends with the quote"],
    [String.raw`site=="a\n"`, 7, "a text that ends with the quote"],
    ["Site==a", 1, "the name of a field"],
    ["'site'==a", 1, "the name of a field"],
    ["model.Main==a", 1, "the name of a field"],
    ["label.==a", 1, "the name of a field"],
    ["si*e==a", 1, "the name of a field"],
    ["site==a&class==b", 8, "a name, a value"],
    ["site==a;🙂==b", 9, "a name, a value"],
    ["site!a", 5, "one of == "],
    ["site=IN=(a)", 5, "one of == "],
  ])("%j at position %i", (text, position, expected) => {
    const [sentence = "", shown = "", caret = ""] = faultOf(text).split("\n");

    expect(sentence).toContain(`SELECTOR_INVALID: expected ${expected}`);
    expect(sentence).toContain(`at position ${position}, got`);
    expect(caret.indexOf("^")).toBe(position - 1 + 2);
    expect(shown.slice(2)).toBe(text.replaceAll("\n", " ").slice(0, position - 1 + 30));
  });

  test("a long text is shown around the place alone", () => {
    const [, shown = "", caret = ""] = faultOf(`${"a==1;".repeat(20)};${"b==2;".repeat(20)}`).split(
      "\n",
    );

    expect(shown).toHaveLength(62);
    expect(shown[caret.indexOf("^")]).toBe(";");
  });

  test("what docs/rollouts.md shows is what is said", () => {
    const docs = readFileSync(
      join(import.meta.dirname, "../../../../../../docs/rollouts.md"),
      "utf8",
    );

    expect(docs).toContain(faultOf("site==a;;class==b").replace("SELECTOR_INVALID: ", ""));
  });

  test("the name of a class of objects is no field that is always there", () => {
    expect(parseSelector("constructor==a")).toEqual(equals("constructor", "a"));
    expect(faultOf("__proto__==a")).toContain("the name of a field");
  });
});

describe("limits", () => {
  const { selectorLengthMax, selectorDepthMax, selectorTermsMax } = rolloutLimits;

  test("a text may be as long as the limit, and no longer", () => {
    const text = `a==${"x".repeat(selectorLengthMax - 3)}`;

    expect(printSelector(parseSelector(text))).toBe(text);
    expect(faultOf(`${text}x`)).toContain(`at most ${selectorLengthMax} characters`);
  });

  test("parentheses may be as deep as the limit, and no deeper", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}a==1${")".repeat(depth)}`;

    expect(parseSelector(nested(selectorDepthMax))).toEqual(equals("a", "1"));
    expect(faultOf(nested(selectorDepthMax + 1))).toContain(
      `at most ${selectorDepthMax} parentheses in one another at position ${selectorDepthMax + 1}`,
    );
  });

  test("parentheses beside one another are not deep", () => {
    expect(
      parseSelector(
        Array(selectorDepthMax + 1)
          .fill("(a==1,b==2)")
          .join(";"),
      ),
    ).toMatchObject({
      kind: "and",
    });
  });

  test("there may be as many comparisons as the limit, and no more", () => {
    const terms = (count: number) => Array(count).fill("a==1").join(",");

    expect(parseSelector(terms(selectorTermsMax))).toMatchObject({ kind: "or" });
    expect(faultOf(terms(selectorTermsMax + 1))).toContain(
      `at most ${selectorTermsMax} comparisons`,
    );
  });
});

test("other subjects have other fields: a filter over rollouts refuses what no rollout has", () => {
  const kinds: Readonly<Record<string, "text" | "number">> = { state: "text", priority: "number" };
  const fields: SelectorFields = {
    names: Object.keys(kinds).join(", "),
    kindOf: (field) => (Object.hasOwn(kinds, field) ? kinds[field] : undefined),
  };

  expect(parseSelector("state==running;priority>=50", fields)).toMatchObject({ kind: "and" });
  expect(() => parseSelector("site==plant-a", fields)).toThrow("(state, priority)");
  expect(() => parseSelector("priority==high", fields)).toThrow("a number");
});
