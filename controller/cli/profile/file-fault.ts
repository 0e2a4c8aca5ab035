import { CliError } from "../cli-error.ts";

export interface Where {
  readonly path: string;
  readonly line?: number | undefined;
  readonly row?: number | undefined;
  readonly column?: string | undefined;
}

/** A file of rows that cannot be used: `data.csv, line 17, column age: expected a number, got "n/a"`. */
export function fileFault(
  { path, line, row, column }: Where,
  why: string,
  cause?: unknown,
): CliError {
  const place = [
    path,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
  ];
  return new CliError("FILE", `${place.join(", ")}: ${why}`, { cause });
}

/** A text of a file as it may stand in a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
