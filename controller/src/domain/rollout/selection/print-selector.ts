import type { Selector, SelectTerm } from "./selector.ts";

/** The shortest text that parses to this selector. */
export function printSelector(selector: Selector): string {
  switch (selector.kind) {
    case "all":
      return "";
    case "and":
      return selector.parts
        .map((part) => (part.kind === "or" ? `(${printSelector(part)})` : printSelector(part)))
        .join(";");
    case "or":
      return selector.parts.map(printSelector).join(",");
    case "equals":
    case "in":
    case "order":
      return printTerm(selector);
  }
}

function printTerm(term: SelectTerm): string {
  switch (term.kind) {
    case "equals": {
      const [only] = term.pieces;
      const isWhole = only !== undefined && term.pieces.length === 1;
      const value = isWhole ? printValue(only) : term.pieces.join("*");
      return `${term.field}${term.negated ? "!=" : "=="}${value}`;
    }
    case "in":
      return `${term.field}${term.negated ? "=out=" : "=in="}(${term.values.map(printValue).join(",")})`;
    case "order":
      return `${term.field}${term.by}${printValue(term.value)}`;
  }
}

/** Quoted unless it is a plain word; a wildcard that is meant as itself must be. */
function printValue(text: string): string {
  if (/^[A-Za-z0-9_.:@/+-]+$/.test(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
