/** Time and chance from outside; the only source of both for everything but `main.ts`. */
export interface Clock {
  /** Wall time, Unix milliseconds. */
  readonly nowMs: () => number;
  /** Cryptographically random bytes. For nonces, ids and secrets. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Calls `task` every `periodMs` until the answer is disposed; a task never overlaps itself. */
  readonly every: (periodMs: number, task: () => Promise<void>) => Disposable;
}
