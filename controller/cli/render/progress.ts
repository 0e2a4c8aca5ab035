import type { Terminal } from "../terminal.ts";

export interface Progress {
  /** Shown at most once a tenth in a pipe, every time on a terminal. */
  readonly update: (done: number, total: number) => void;
  readonly end: () => void;
}

/** Progress of one upload, on the error stream: data stays alone on the output stream. */
export function createProgress(terminal: Terminal, label: string): Progress {
  let lastTenth = -1;
  let isEnded = false;
  return {
    update: (done, total) => {
      // A broken upload may still be read for a moment.
      if (isEnded) return;
      const tenth = Math.floor((done / Math.max(total, 1)) * 10);
      const text = `${label} ${Math.min(100, Math.floor((done / Math.max(total, 1)) * 100))} %  ${mebibytes(done)} of ${mebibytes(total)}`;
      if (terminal.isInteractive) terminal.err(`\r\u001b[2K${text}`);
      else if (tenth > lastTenth) terminal.err(`${text}\n`);
      lastTenth = Math.max(lastTenth, tenth);
    },
    end: () => {
      isEnded = true;
      if (terminal.isInteractive) terminal.err("\n");
    },
  };
}

export function mebibytes(bytes: number): string {
  return bytes < 1024 * 1024
    ? `${(bytes / 1024).toFixed(1)} KiB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
