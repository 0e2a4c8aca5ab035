/** The one form of every generated JSON file. */
export function json(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}
