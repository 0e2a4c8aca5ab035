import { rolloutLimits } from "@modelfleet/protocol";
import { deviceFields } from "./device-fields.ts";
import { isOrdered } from "./order-of-values.ts";
import type {
  SelectEquals,
  SelectGroup,
  SelectIn,
  Selector,
  SelectorFields,
  SelectTerm,
} from "./selector.ts";
import { selectorFault } from "./selector-fault.ts";
import {
  type SelectorOperator,
  type SelectorToken,
  selectorTokens,
  signs,
} from "./selector-token.ts";

/**
 * A text of the selector language (grammar: docs/rollouts.md, "Selecting devices"). `;` is and, `,` is or; and binds
 * tighter. The empty text means everything.
 *
 * @param fields what may be asked; of devices unless said otherwise
 * @throws RolloutError SELECTOR_INVALID with the position and what was expected there
 */
export function parseSelector(text: string, fields: SelectorFields = deviceFields): Selector {
  const { selectorLengthMax } = rolloutLimits;
  if (text.length > selectorLengthMax) {
    throw selectorFault(text, selectorLengthMax, `at most ${selectorLengthMax} characters`);
  }
  const reading = new Reading(text, selectorTokens(text), fields);
  if (reading.peek().kind === "end") return { kind: "all" };
  const selector = parseGroup(reading, "or");
  if (reading.peek().kind !== "end") throw reading.fault("; or , or the end");
  return selector;
}

type Part = SelectGroup | SelectTerm;

const separators = { or: ",", and: ";" } as const;

/** A place in the tokens, and how much has been seen. */
class Reading {
  readonly text: string;
  readonly fields: SelectorFields;
  readonly #tokens: readonly SelectorToken[];
  #place = 0;
  depth = 0;
  terms = 0;

  constructor(text: string, tokens: readonly SelectorToken[], fields: SelectorFields) {
    this.text = text;
    this.fields = fields;
    this.#tokens = tokens;
  }

  peek(): SelectorToken {
    return this.#tokens[this.#place] ?? { kind: "end", at: this.text.length };
  }

  take(): void {
    this.#place += 1;
  }

  /** Takes a sign if it is next. */
  passed(sign: "(" | ")" | "," | ";"): boolean {
    const isNext = this.peek().kind === sign;
    if (isNext) this.#place += 1;
    return isNext;
  }

  fault(expected: string, token: SelectorToken = this.peek()) {
    return selectorFault(this.text, token.at, expected);
  }
}

function parseGroup(reading: Reading, kind: "or" | "and"): Part {
  const parts: Part[] = [];
  do {
    const part = kind === "or" ? parseGroup(reading, "and") : parsePart(reading);
    // (a;b);c says what a;b;c says.
    if (part.kind === kind) parts.push(...part.parts);
    else parts.push(part);
  } while (reading.passed(separators[kind]));
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? first : { kind, parts };
}

function parsePart(reading: Reading): Part {
  if (reading.peek().kind !== "(") return parseTerm(reading);
  const { selectorDepthMax } = rolloutLimits;
  if (reading.depth === selectorDepthMax) {
    throw reading.fault(`at most ${selectorDepthMax} parentheses in one another`);
  }
  reading.take();
  reading.depth += 1;
  const part = parseGroup(reading, "or");
  if (!reading.passed(")")) throw reading.fault("; or , or )");
  reading.depth -= 1;
  return part;
}

function parseTerm(reading: Reading): SelectTerm {
  const { selectorTermsMax } = rolloutLimits;
  if (reading.terms === selectorTermsMax) {
    throw reading.fault(`at most ${selectorTermsMax} comparisons`);
  }
  reading.terms += 1;
  const name = reading.peek();
  if (name.kind !== "word") throw reading.fault("the name of a field or (");
  if (reading.fields.kindOf(name.text) === undefined) {
    throw reading.fault(`the name of a field (${reading.fields.names})`);
  }
  reading.take();
  const sign = reading.peek();
  if (sign.kind !== "operator") throw reading.fault(signs);
  reading.take();
  return termOf(reading, name.text, sign.operator);
}

function termOf(reading: Reading, field: string, operator: SelectorOperator): SelectTerm {
  switch (operator) {
    case "==":
    case "!=":
      return {
        kind: "equals",
        field,
        negated: operator === "!=",
        pieces: parsePieces(reading, field),
      };
    case "in":
    case "out":
      return {
        kind: "in",
        field,
        negated: operator === "out",
        values: parseValues(reading, field),
      };
    case "<":
    case "<=":
    case ">":
    case ">=":
      return { kind: "order", field, by: operator, value: parseBound(reading, field) };
  }
}

function parsePieces(reading: Reading, field: string): SelectEquals["pieces"] {
  const value = reading.peek();
  if (value.kind === "word" && value.text.includes("*")) {
    // «has it at all» is worth asking of every field; a part of a number or of true is not.
    const isText = reading.fields.kindOf(field) === "text" || value.text === "*";
    if (!isText) throw reading.fault(`a whole value, for ${field} is no text,`);
    reading.take();
    return value.text.split("*");
  }
  return [parseValue(reading, field)];
}

function parseValues(reading: Reading, field: string): SelectIn["values"] {
  if (!reading.passed("(")) throw reading.fault("( and values");
  const values: string[] = [];
  do values.push(parseValue(reading, field));
  while (reading.passed(","));
  if (!reading.passed(")")) throw reading.fault(", or )");
  return values;
}

/** A value as it stands; a wildcard has no meaning here. */
function parseValue(reading: Reading, field: string): string {
  const value = reading.peek();
  if (value.kind !== "word" && value.kind !== "quoted") throw reading.fault("a value");
  if (value.kind === "word" && value.text.includes("*")) {
    throw reading.fault("a value without * (only == and != know it; a quoted * is itself)");
  }
  const kind = reading.fields.kindOf(field);
  if (kind === "boolean" && value.text !== "true" && value.text !== "false") {
    throw reading.fault("true or false");
  }
  if (kind === "number" && !/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value.text)) {
    throw reading.fault("a number");
  }
  reading.take();
  return value.text;
}

function parseBound(reading: Reading, field: string): string {
  const value = reading.peek();
  if (reading.fields.kindOf(field) === "boolean") {
    throw reading.fault(`== or != before a value, for ${field} is true or false,`);
  }
  const text = parseValue(reading, field);
  if (!isOrdered(text)) throw reading.fault("a number or a version like 1.2.3", value);
  return text;
}
