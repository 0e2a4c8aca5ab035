import { selectorFault } from "./selector-fault.ts";

/** `at` is the index of its first character. */
export type SelectorToken =
  | { readonly kind: "("; readonly at: number }
  | { readonly kind: ")"; readonly at: number }
  | { readonly kind: ","; readonly at: number }
  | { readonly kind: ";"; readonly at: number }
  | { readonly kind: "operator"; readonly at: number; readonly operator: SelectorOperator }
  | { readonly kind: "word"; readonly at: number; readonly text: string }
  | { readonly kind: "quoted"; readonly at: number; readonly text: string }
  | { readonly kind: "end"; readonly at: number };

export type SelectorOperator = "==" | "!=" | "in" | "out" | "<" | "<=" | ">" | ">=";

/** Every way to write an operator; `=in=` and its kind stand in RSQL for signs a URL would have to escape. */
const operators: Readonly<Record<string, SelectorOperator>> = {
  "==": "==",
  "!=": "!=",
  "=in=": "in",
  "=out=": "out",
  "<": "<",
  "=lt=": "<",
  "<=": "<=",
  "=le=": "<=",
  ">": ">",
  "=gt=": ">",
  ">=": ">=",
  "=ge=": ">=",
};

/** For people. */
export const signs = "one of == != =in= =out= < <= > >=";

const wordRule = /[A-Za-z0-9_.:@/+*-]+/y;
const operatorRule = /==|!=|<=|>=|<|>|=[a-z]{1,8}=/y;
const quotedRule = /"((?:[^"\\\p{Cc}]|\\["'\\])*)"|'((?:[^'\\\p{Cc}]|\\["'\\])*)'/uy;

/** The first character of every kind of token decides which one it is; every rule reads each character once. */
export function selectorTokens(text: string): readonly SelectorToken[] {
  const tokens: SelectorToken[] = [];
  for (let at = afterSpace(text, 0); at < text.length; ) {
    const { token, length } = tokenAt(text, at);
    tokens.push(token);
    at = afterSpace(text, at + length);
  }
  return [...tokens, { kind: "end", at: text.length }];
}

interface Read {
  readonly token: SelectorToken;
  readonly length: number;
}

function tokenAt(text: string, at: number): Read {
  const first = text.charAt(at);
  if (first === "(" || first === ")" || first === "," || first === ";") {
    return { token: { kind: first, at }, length: 1 };
  }
  if (first === '"' || first === "'") return quotedAt(text, at);
  const word = matchAt(wordRule, text, at)?.[0];
  if (word !== undefined) return { token: { kind: "word", at, text: word }, length: word.length };
  return operatorAt(text, at);
}

function operatorAt(text: string, at: number): Read {
  const sign = matchAt(operatorRule, text, at)?.[0] ?? "";
  const operator = Object.hasOwn(operators, sign) ? operators[sign] : undefined;
  if (operator === undefined) {
    const isSign = /[=!~]/.test(text.charAt(at));
    throw selectorFault(text, at, isSign ? signs : `a name, a value, ( or ) or ${signs}`);
  }
  return { token: { kind: "operator", at, operator }, length: sign.length };
}

function quotedAt(text: string, at: number): Read {
  const found = matchAt(quotedRule, text, at);
  if (found === undefined) {
    throw selectorFault(text, at, "a text that ends with the quote it begins with, on one line");
  }
  const inner = (found[1] ?? found[2] ?? "").replace(/\\(.)/gu, "$1");
  return { token: { kind: "quoted", at, text: inner }, length: found[0]?.length ?? 0 };
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at += 1;
  return at;
}

/** What a regular expression's optional groups really give. */
function matchAt(
  rule: RegExp,
  text: string,
  at: number,
): readonly (string | undefined)[] | undefined {
  rule.lastIndex = at;
  return rule.exec(text) ?? undefined;
}
