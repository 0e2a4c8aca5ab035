import { RolloutError } from "../../errors.ts";

/** Characters shown before and after the place. */
const shownEachSide = 30;

/**
 * A text that is no selector: what was expected where, and a line with a caret below the place.
 *
 * @param at index of the first character that does not fit
 */
export function selectorFault(text: string, at: number, expected: string): RolloutError {
  const from = Math.max(0, at - shownEachSide);
  const shown = text.slice(from, at + shownEachSide).replace(/\p{Cc}/gu, " ");
  const sentence = `expected ${expected} at position ${at + 1}, got ${foundAt(text, at)}`;
  return new RolloutError(
    "SELECTOR_INVALID",
    `${sentence}\n  ${shown}\n  ${" ".repeat(at - from)}^`,
  );
}

function foundAt(text: string, at: number): string {
  if (at >= text.length) return "the end";
  const [found = ""] = /^(?:[A-Za-z0-9_.:@/+*-]{1,32}|.)/u.exec(text.slice(at)) ?? [];
  return JSON.stringify(found);
}
