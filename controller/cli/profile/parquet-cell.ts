import { fileFault, type Where } from "./file-fault.ts";
import type { Cell } from "./table.ts";

/** A value as the Parquet library gives it. @throws CliError FILE at what is no number, text, time or list */
export function cellOf(value: unknown, where: () => Where): Cell {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
      return value;
    case "string":
      return value === "" ? null : value;
    case "object":
      if (value === null || value instanceof Date || Array.isArray(value)) return value;
      break;
    case "function":
    case "symbol":
      break;
  }
  throw fileFault(where(), "expected a number, a text, a time or a list, got a structure");
}
