/** Why a window counts for nothing. The detail names the field, what was expected and what came. */
export type WindowVerdict =
  | { readonly kind: "ok" }
  | { readonly kind: "refused"; readonly reason: WindowRefusal; readonly detail: string };

/**
 * TIME: outside of −30 days … +10 minutes. PROFILE: of another reference profile than the release's.
 * BINS: another shape than the profile's. COUNTS: numbers that contradict each other.
 */
export type WindowRefusal = "TIME" | "PROFILE" | "BINS" | "COUNTS";

/** The verdict of a window that is left out. */
export type RefusedWindow = Extract<WindowVerdict, { kind: "refused" }>;

/** A number that cannot be, given the others. @param name the field */
export function contradiction(name: string, expected: string | number, got: number): RefusedWindow {
  return refused("COUNTS", `${name}: expected ${expected}, got ${got}`);
}

/** @param detail the field, what was expected and what came */
export function refused(reason: WindowRefusal, detail: string): RefusedWindow {
  return { kind: "refused", reason, detail };
}

/** A list of another length than the profile says. @param name the field */
export function lengthRefusal(
  name: string,
  got: { readonly length: number },
  expected: { readonly length: number },
): RefusedWindow | undefined {
  if (got.length === expected.length) return undefined;
  return refused("BINS", `${name}: expected ${expected.length} entries, got ${got.length}`);
}
