import type { Terminal } from "../terminal.ts";
import { plainText } from "./plain-text.ts";

const COLUMNS_MIN = 40;
const ROWS_MIN = 8;

export interface LiveView extends Disposable {
  /** In place of what was drawn before. */
  readonly draw: (text: string) => void;
}

/** A few lines on the error stream of a terminal that are drawn anew in place, and wiped away at the end. */
export function createLiveView(terminal: Terminal): LiveView {
  let drawn = 0;
  const wipe = () => (drawn > 0 ? `\u001b[${drawn}A\u001b[J` : "");
  return {
    draw: (text) => {
      const { columns = 0, rows = 0 } = terminal.screen() ?? {};
      const width = Math.max(COLUMNS_MIN, columns) - 1;
      const whole = plainText(text)
        .split("\n")
        .flatMap((line) => wrapped(line, width));
      const lines = cut(whole, Math.max(ROWS_MIN, rows) - 1);
      // In one piece, so that nobody sees an empty screen.
      terminal.err(`${wipe()}${lines.join("\n")}\n`);
      drawn = lines.length;
    },
    [Symbol.dispose]: () => terminal.err(wipe()),
  };
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
