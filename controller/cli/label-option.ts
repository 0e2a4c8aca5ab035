import { CliError } from "./cli-error.ts";

/**
 * `["site=plant-a", "rack=2"]` → `{site: "plant-a", rack: "2"}`.
 *
 * @throws CliError USAGE naming the part that is not key=value
 */
export function parseLabels(parts: readonly string[]): Record<string, string> {
  const pairs = parts.map((part) => {
    const at = part.indexOf("=");
    if (at < 1) throw new CliError("USAGE", `expected --label key=value, got "${part}"`);
    return [part.slice(0, at), part.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
