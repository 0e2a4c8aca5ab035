/** The world a command may touch: streams, environment and time. `main.ts` makes the real one, tests make their own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether a person watches `err`: progress is redrawn in place, else printed a line at a time. */
  readonly isInteractive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks the person at the keyboard without showing the answer; undefined where nobody sits. */
  readonly askSecret: ((prompt: string) => Promise<string>) | undefined;
  /** Version of this program. */
  readonly version: string;
  readonly nowMs: () => number;
  /** Ends early, and without a failure, with the signal. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Size of the screen that both streams go to, in characters; undefined where one of them goes elsewhere. */
  readonly screen: () => { readonly columns: number; readonly rows: number } | undefined;
  /** Ctrl-C, or that nobody reads `out` any more, from now on and until disposed, is told here and ends nothing. */
  readonly onInterrupt: (listener: () => void) => Disposable;
}
