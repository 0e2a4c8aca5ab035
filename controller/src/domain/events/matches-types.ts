/** @param patterns types, beginnings of types like `modelfleet.alert.*`, or `*` */
export function matchesTypes(type: string, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) =>
      pattern === "*" ||
      pattern === type ||
      (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1))),
  );
}
