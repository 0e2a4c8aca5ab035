/**
 * What a text of the selector language means (docs/rollouts.md, "Selecting devices"). Data, so that it can be printed,
 * compared and kept; `parseSelector` makes it, `matchesSelector` asks it.
 */
export type Selector = SelectAll | SelectGroup | SelectTerm;

/** The empty text. */
export interface SelectAll {
  readonly kind: "all";
}

/** At least two parts; a group never holds another of its own kind. */
export interface SelectGroup {
  readonly kind: "and" | "or";
  readonly parts: readonly (SelectGroup | SelectTerm)[];
}

export type SelectTerm = SelectEquals | SelectIn | SelectOrder;

/** `==` and `!=`. One piece is the whole text; between two pieces anything may stand (`*`). */
export interface SelectEquals {
  readonly kind: "equals";
  readonly field: string;
  readonly negated: boolean;
  readonly pieces: readonly string[];
}

/** `=in=` and `=out=`. */
export interface SelectIn {
  readonly kind: "in";
  readonly field: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** `<`, `<=`, `>` and `>=` between numbers or versions. */
export interface SelectOrder {
  readonly kind: "order";
  readonly field: string;
  readonly by: "<" | "<=" | ">" | ">=";
  readonly value: string;
}

export type SelectorValue = string | number | boolean;

/** What is asked: the value of a field; undefined when it has no such field. */
export type SelectorSubject = (field: string) => SelectorValue | undefined;

/** What may be asked of a kind of subject, so that a misspelt name or value is refused and not just never met. */
export interface SelectorFields {
  /** undefined: there is no such field. */
  readonly kindOf: (field: string) => "text" | "number" | "boolean" | undefined;
  /** The names, for people. */
  readonly names: string;
}
