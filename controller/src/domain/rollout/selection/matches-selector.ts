import { orderOfValues } from "./order-of-values.ts";
import type { SelectEquals, Selector, SelectorSubject, SelectorValue } from "./selector.ts";

/**
 * Whether a selector chooses a subject. `!=` and `=out=` say exactly the opposite of `==` and `=in=`, so they also choose
 * who has no such field; `<` and its kind never do.
 */
export function matchesSelector(selector: Selector, subject: SelectorSubject): boolean {
  switch (selector.kind) {
    case "all":
      return true;
    case "and":
      return selector.parts.every((part) => matchesSelector(part, subject));
    case "or":
      return selector.parts.some((part) => matchesSelector(part, subject));
    case "equals":
      return isLike(selector, subject(selector.field)) !== selector.negated;
    case "in": {
      const found = subject(selector.field);
      return selector.values.some((value) => isSame(found, value)) !== selector.negated;
    }
    case "order": {
      const found = subject(selector.field);
      const order = found === undefined ? undefined : orderOfValues(found, selector.value);
      return order !== undefined && isInOrder(order, selector.by);
    }
  }
}

function isInOrder(order: number, by: "<" | "<=" | ">" | ">="): boolean {
  switch (by) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function isLike({ pieces }: SelectEquals, found: SelectorValue | undefined): boolean {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return isSame(found, only);
  return found !== undefined && hasPieces(String(found), pieces);
}

function isSame(found: SelectorValue | undefined, value: string): boolean {
  return typeof found === "number"
    ? Number(value) === found
    : String(found) === value && found !== undefined;
}

/** The first piece begins the text, the last one ends it, the others follow in order: no way back, so linear. */
function hasPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at + last.length <= text.length;
}
