import { rolloutLimits } from "@modelfleet/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RolloutError } from "../../../../../../controller/src/domain/errors.ts";
import { matchesSelector } from "../../../../../../controller/src/domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../../../../../controller/src/domain/rollout/selection/parse-selector.ts";
import { printSelector } from "../../../../../../controller/src/domain/rollout/selection/print-selector.ts";
import type {
  Selector,
  SelectorSubject,
} from "../../../../../../controller/src/domain/rollout/selection/selector.ts";
import { anySelector, anySubject } from "./any-selector.ts";

const seed = 20_261_204;

test(`every selector that is printed is parsed to itself (seed ${seed})`, () => {
  fc.assert(
    fc.property(anySelector, (selector) => {
      expect(parseSelector(printSelector(selector))).toEqual(selector);
    }),
    { seed, numRuns: 500 },
  );
});

test(`what is printed chooses as a plain reading of the rules says (seed ${seed})`, () => {
  fc.assert(
    fc.property(anySelector, anySubject, (selector, subject) => {
      const parsed = parseSelector(printSelector(selector));

      expect(matchesSelector(parsed, subject)).toBe(plainly(selector, subject));
    }),
    { seed, numRuns: 1_000 },
  );
});

test(`signs thrown together are taken exactly when they make a sentence, and mean what it says (seed ${seed})`, () => {
  const signs = fc.constantFrom("T", "F", "T", "F", "(", ")", ";", ",", ";", ",");
  const sentences = fc.array(signs, { minLength: 1, maxLength: 13 }).map((parts) => parts.join(""));
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(sentences, (sentence) => {
      const expected = reduce(sentence);
      seen[expected === undefined ? "refused" : "taken"] += 1;

      expect(chosenBy(sentence)).toBe(expected);
    }),
    { seed, numRuns: 6_000 },
  );
  expect(seen.taken).toBeGreaterThan(200);
  expect(seen.refused).toBeGreaterThan(200);
});

test(`any text at all is a selector or refused by name, and nothing else (seed ${seed})`, () => {
  const soup = fc
    .array(
      fc.constantFrom(
        "site",
        "online",
        "==",
        "!=",
        "=in=",
        "<",
        "(",
        ")",
        ";",
        ",",
        "*",
        "'",
        '"',
        "\\",
        "true",
        "1.2",
        " ",
        "=",
        "\u0000",
      ),
      { maxLength: 24 },
    )
    .map((parts) => parts.join(""));
  const text = fc.oneof(
    soup,
    fc.string({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  fc.assert(
    fc.property(text, (one) => {
      const selector = parsedOrRefused(one);
      if (selector !== undefined) expect(parseSelector(printSelector(selector))).toEqual(selector);
    }),
    { seed, numRuns: 1_500 },
  );
});

test(`a slip of one character never makes a selector that says nothing and so chooses everything (seed ${seed})`, () => {
  const change = fc.record({
    at: fc.nat(),
    added: fc.constantFrom("", "(", ")", ";", ",", "=", "!", "*", '"', " "),
  });
  fc.assert(
    fc.property(anySelector, change, (selector, { at, added }) => {
      const text = printSelector(selector);
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + added + text.slice(added === "" ? place + 1 : place);

      const parsed = parsedOrRefused(changed);

      if (parsed?.kind === "all") expect(changed.trim()).toBe("");
    }),
    { seed, numRuns: 1_000 },
  );
});

test("the worst texts of full length are read and asked within a second, all together", () => {
  const length = rolloutLimits.selectorLengthMax;
  const filled = (part: string) => part.repeat(Math.floor(length / part.length));
  const texts = [
    "(",
    '"',
    "\\",
    "'\\",
    "=",
    "=in=(",
    "a==(",
    "a==1;",
    "((a==1),",
    "a==*",
    " ",
    "1",
    "a==1==",
  ].map(filled);
  const stars = `site==${"a*".repeat(900)}b`;
  const began = performance.now();

  for (const text of texts) parsedOrRefused(text);
  const selector = parseSelector(stars);
  for (let asked = 0; asked < 100; asked += 1) {
    expect(matchesSelector(selector, () => "a".repeat(10_000))).toBe(false);
  }

  expect(performance.now() - began).toBeLessThan(1_000);
});

function parsedOrRefused(text: string): Selector | undefined {
  try {
    return parseSelector(text);
  } catch (error) {
    if (error instanceof RolloutError && error.code === "SELECTOR_INVALID") return undefined;
    throw error;
  }
}

/** Like the rules in docs/rollouts.md, written down once more without the parser's data in mind. */
function plainly(selector: Selector, subject: SelectorSubject): boolean {
  if (selector.kind === "all") return true;
  if ("parts" in selector) {
    const answers = new Set(selector.parts.map((part) => plainly(part, subject)));
    return selector.kind === "and" ? !answers.has(false) : answers.has(true);
  }
  const found = subject(selector.field);
  if (selector.kind === "order") return found !== undefined && plainOrder(String(found), selector);
  const patterns =
    selector.kind === "equals" ? [selector.pieces] : selector.values.map((one) => [one]);
  const isLike = patterns.some((pieces) => found !== undefined && plainLike(found, pieces));
  return selector.negated ? !isLike : isLike;
}

function plainLike(found: string | number | boolean, pieces: readonly string[]): boolean {
  if (typeof found === "number" && pieces.length === 1) return Number(pieces[0]) === found;
  const escaped = pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^]*")}$`).test(String(found));
}

function plainOrder(found: string, { by, value }: { readonly by: string; readonly value: string }) {
  const rank = rankOf(found, value);
  if (rank === undefined) return false;
  return (
    (by.startsWith("<") && rank < 0) ||
    (by.startsWith(">") && rank > 0) ||
    (by.endsWith("=") && rank === 0)
  );
}

/** Only for the values these tests have. */
function rankOf(found: string, value: string): number | undefined {
  const isNumber = (text: string) => /^-?\d+(\.\d+)?$/.test(text);
  if (isNumber(found) && isNumber(value)) return Math.sign(Number(found) - Number(value));
  const parts = (text: string) => /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-rc\.1)?$/.exec(text)?.slice(1);
  const [left, right] = [parts(found), parts(value)];
  if (left === undefined || right === undefined) return undefined;
  const weight = ([a, b, c, pre]: readonly (string | undefined)[]) =>
    Number(a) * 1e6 + Number(b ?? 0) * 1e3 + Number(c ?? 0) - (pre === undefined ? 0 : 0.5);
  return Math.sign(weight(left) - weight(right));
}

/** T is a comparison that holds, F one that does not. */
function chosenBy(sentence: string): boolean | undefined {
  const text = sentence.replaceAll("T", "site==a").replaceAll("F", "site!=a");
  const selector = parsedOrRefused(text);
  return selector && matchesSelector(selector, () => "a");
}

/** Innermost parentheses first, and before or: by replacing text, so quite another way than the parser's. */
function reduce(sentence: string): boolean | undefined {
  let rest = sentence;
  for (let before = ""; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\(([TF](?:[;,][TF])*)\)/, (_, inner: string) =>
      holds(inner) ? "T" : "F",
    );
  }
  return /^[TF](?:[;,][TF])*$/.test(rest) ? holds(rest) : undefined;
}

function holds(flat: string): boolean {
  return flat.split(",").some((part) => part.split(";").every((one) => one === "T"));
}
