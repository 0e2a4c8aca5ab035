import type { Terminal } from "../terminal.ts";

const COLUMNS_MIN = 40;
const COLUMNS_DEFAULT = 80;
const ROWS_MIN = 8;
const ROWS_DEFAULT = 24;

export interface LiveView {
  /** In place of what was drawn before. */
  readonly draw: (text: string) => void;
  readonly clear: () => void;
}

/** A few lines on the error stream of a terminal that are drawn anew in place. */
export function createLiveView(terminal: Terminal): LiveView {
  let drawn = 0;
  const clear = () => {
    if (drawn > 0) terminal.err(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  return {
    clear,
    draw: (text) => {
      const width = columnsOf(terminal) - 1;
      const whole = text.split("\n").flatMap((line) => wrapped(line, width));
      const lines = cut(whole, rowsOf(terminal) - 1);
      clear();
      terminal.err(`${lines.join("\n")}\n`);
      drawn = lines.length;
    },
  };
}

function columnsOf({ env }: Terminal): number {
  const columns = Number(env["COLUMNS"] ?? COLUMNS_DEFAULT);
  return Number.isSafeInteger(columns) && columns >= COLUMNS_MIN ? columns : COLUMNS_DEFAULT;
}

function rowsOf({ env }: Terminal): number {
  const rows = Number(env["LINES"] ?? ROWS_DEFAULT);
  return Number.isSafeInteger(rows) && rows >= ROWS_MIN ? rows : ROWS_DEFAULT;
}

/** What has left the screen cannot be drawn over: of what is too long the title and the end are shown. */
function cut(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  return [...lines.slice(0, 1), "  …", ...lines.slice(lines.length - (rows - 2))];
}

/** A line that the terminal would break itself takes more lines than were counted, so it is broken here. */
function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > width / 2 ? space : width;
    lines.push(rest.slice(0, at));
    rest = `  ${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}
