/** Controls, C1 too, and what turns the direction of writing; a new line and a tab are left. */
const steering = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text that other people and devices wrote parts of, for a terminal: it may not move its cursor, hide what stands there,
 * or talk to it.
 */
export function plainText(text: string): string {
  return text.replace(steering, (found) => (found === "\n" || found === "\t" ? found : "\u{fffd}"));
}

/** The same of a text that is one cell or one line: it makes no others. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll(/[\n\t]+/g, " ");
}
