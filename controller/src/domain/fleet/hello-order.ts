/** What is known of a device when it says hello. */
export interface KnownHello {
  readonly boot: number | null;
  /** `issuedAt` of the newest hello. */
  readonly helloAtMs: number | null;
  /** Highest desired sequence it has said it holds. */
  readonly reportedSeq: number;
}

/** Where a hello says it stands. */
export interface HelloPlace {
  readonly boot: number;
  readonly issuedAtMs: number;
  readonly desiredSeq: number;
}

/**
 * Place of a hello among those before it.
 *
 * 1. A device never goes back: neither its boot nor the sequence it holds. Where one of them is lower and the time is
 *    newer, it has lost its state and counts from the beginning: `new-era`.
 * 2. A higher boot is a restart, the same boot with a time not older is a repetition: `next`.
 * 3. Everything else is an old message sent again, or comes from a device that lost its state and does not know the
 *    time: `stale`. It does not replace what is known.
 */
export function placeHello(known: KnownHello, hello: HelloPlace): "next" | "new-era" | "stale" {
  if (known.boot === null || known.helloAtMs === null || hello.boot > known.boot) return "next";
  const wentBack = hello.boot < known.boot || hello.desiredSeq < known.reportedSeq;
  if (wentBack) return hello.issuedAtMs > known.helloAtMs ? "new-era" : "stale";
  return hello.issuedAtMs >= known.helloAtMs ? "next" : "stale";
}
