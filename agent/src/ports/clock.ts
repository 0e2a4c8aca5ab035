/** Time and chance from outside; the only source of both for everything but `main.ts`. */
export interface Clock {
  /** Wall time, Unix milliseconds. It may be wrong, and may jump. */
  readonly nowMs: () => number;
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly monotonicMs: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when what has arrived by now has been read. */
  readonly turn: () => Promise<void>;
  /** Uniform in [0, 1). For jitter only. */
  readonly chance: () => number;
  /** Cryptographically random bytes. For nonces. */
  readonly randomBytes: (length: number) => Uint8Array;
}
