/** Why a window counts for nothing. The detail names the field, what was expected and what came. */
export type WindowVerdict =
  | { readonly kind: "ok" }
  | { readonly kind: "refused"; readonly reason: WindowRefusal; readonly detail: string };

/**
 * TIME: outside of −30 days … +10 minutes. PROFILE: of another reference profile than the release's.
 * BINS: another shape than the profile's. COUNTS: numbers that contradict each other.
 */
export type WindowRefusal = "TIME" | "PROFILE" | "BINS" | "COUNTS";

export type RefusedWindow = Extract<WindowVerdict, { kind: "refused" }>;

export function contradiction(name: string, expected: string | number, got: number): RefusedWindow {
  return refused("COUNTS", `${name}: expected ${expected}, got ${got}`);
}

export function refused(reason: WindowRefusal, detail: string): RefusedWindow {
  return { kind: "refused", reason, detail };
}
