import type { Cell } from "./table.ts";

/** What a cell says, whatever kind of file it stands in. */
export type CellValue =
  | { readonly kind: "nothing" }
  /** NaN for what is not a number, or too large for one. */
  | { readonly kind: "number"; readonly value: number }
  /** 1 or 0. */
  | { readonly kind: "truth"; readonly value: 0 | 1 }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "list"; readonly elements: readonly unknown[] }
  | { readonly kind: "text"; readonly text: string };

const nothing: CellValue = { kind: "nothing" };
const notANumber: CellValue = { kind: "number", value: Number.NaN };
const truths: Readonly<Record<string, CellValue>> = {
  true: { kind: "truth", value: 1 },
  false: { kind: "truth", value: 0 },
};
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const noNumber = /^(?:nan|[+-]?inf(?:inity)?)$/i;

export interface CellRules {
  /** Texts that stand for nothing, beside an empty cell. */
  readonly missing: ReadonlySet<string>;
  /** Whether a text is one, and not a number written down. */
  readonly isTyped: boolean;
}

export function readCell(cell: Cell, { missing, isTyped }: CellRules): CellValue {
  if (cell === null || cell === undefined) return nothing;
  if (typeof cell === "string") return missing.has(cell) ? nothing : readText(cell, isTyped);
  if (typeof cell === "boolean") return { kind: "truth", value: cell ? 1 : 0 };
  if (typeof cell === "number") return { kind: "number", value: cell };
  if (typeof cell === "bigint") return { kind: "number", value: Number(cell) };
  if (cell instanceof Date) return { kind: "time", ms: cell.getTime() };
  return { kind: "list", elements: cell };
}

function readText(text: string, isTyped: boolean): CellValue {
  const trimmed = text.trim();
  if (trimmed === "") return nothing;
  if (noNumber.test(trimmed)) return notANumber;
  if (isTyped) return { kind: "text", text };
  if (decimal.test(trimmed)) return { kind: "number", value: Number(trimmed) };
  return truths[trimmed.toLowerCase()] ?? { kind: "text", text };
}
