import { createRequire } from "node:module";

/** Of this package, as people call it. */
export function packageVersion(): string {
  const found: unknown = createRequire(import.meta.url)("@modelfleet/controller/package.json");
  if (typeof found !== "object" || found === null || !("version" in found)) return "unknown";
  return String(found.version);
}
