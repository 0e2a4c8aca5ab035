import { plainText } from "./render/plain-text.ts";
import type { Terminal } from "./terminal.ts";

/** What a command gets that needs no controller and no network. */
export interface LocalContext {
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Data for a program with --json, the text for a person without. */
  readonly answer: (value: unknown, text: () => string) => void;
  /** For a person who watches; nothing with --json. */
  readonly say: (text: string) => void;
}

export function localContext(
  terminal: Terminal,
  options: { readonly json?: boolean },
): LocalContext {
  const json = options.json === true;
  return {
    terminal,
    json,
    answer: (value, text) => terminal.out(`${json ? JSON.stringify(value) : plainText(text())}\n`),
    say: (text) => {
      if (!json) terminal.err(`${text}\n`);
    },
  };
}
