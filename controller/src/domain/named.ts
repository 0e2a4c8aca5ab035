const NAMED_MAX = 12;

/** What there is, for a sentence about what there is not: ` (a, b and 3 more)`; each once, the first of them. */
export function named(names: readonly string[]): string {
  const each = [...new Set(names)];
  if (each.length === 0) return "";
  const shown = each.slice(0, NAMED_MAX);
  const hidden = each.length - shown.length;
  return ` (${shown.join(", ")}${hidden === 0 ? "" : ` and ${hidden} more`})`;
}
