import type { Terminal } from "../../../controller/cli/terminal.ts";

export type RecordedTerminal = {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
  /** Every pause a command asked for, in milliseconds. Nothing really waits. */
  readonly pauses: readonly number[];
  /** Ctrl-C. @returns whether anybody listens */
  readonly interrupt: () => boolean;
};

/** A terminal nobody watches; its clock moves only when a command sleeps. */
export function recordedTerminal(
  env: Readonly<Record<string, string>> = {},
  askSecret?: (prompt: string) => Promise<string>,
): RecordedTerminal {
  const out: string[] = [];
  const err: string[] = [];
  const pauses: number[] = [];
  const listeners = new Set<() => void>();
  let nowMs = 1_800_000_000_000;
  return {
    out: () => out.join(""),
    err: () => err.join(""),
    pauses,
    interrupt: () => {
      for (const listener of listeners) listener();
      return listeners.size > 0;
    },
    terminal: {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      isInteractive: false,
      askSecret,
      version: "1.2.3",
      env,
      nowMs: () => nowMs,
      sleep: (ms) => {
        pauses.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
      screen: () => undefined,
      onInterrupt: (listener) => {
        listeners.add(listener);
        return { [Symbol.dispose]: () => void listeners.delete(listener) };
      },
    },
  };
}
