/** What is known of a device when it says hello. */
export interface KnownHello {
  readonly boot: number | null;
  /** `issuedAt` of the newest hello. */
  readonly helloAtMs: number | null;
}

/**
 * Place of a hello among those before it.
 *
 * 1. A higher boot is a restart, the same boot with a time not older is a repetition: `next`.
 * 2. A lower boot with a newer time is a device that lost its state and counts from the beginning: `new-era`.
 * 3. Everything else is an old message sent again: `stale`. It must not replace what is known.
 */
export function placeHello(
  known: KnownHello,
  hello: { readonly boot: number; readonly issuedAtMs: number },
): "next" | "new-era" | "stale" {
  if (known.boot === null || known.helloAtMs === null || hello.boot > known.boot) return "next";
  if (hello.boot === known.boot) return hello.issuedAtMs >= known.helloAtMs ? "next" : "stale";
  return hello.issuedAtMs > known.helloAtMs ? "new-era" : "stale";
}
