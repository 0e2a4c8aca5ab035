import { FormatError, parseDuration } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";

/**
 * `["site=plant-a", "rack=2"]` → `{site: "plant-a", rack: "2"}`.
 *
 * @throws CliError USAGE naming the part that is not key=value
 */
export function readLabels(parts: readonly string[]): Record<string, string> {
  const pairs = parts.map((part) => {
    const at = part.indexOf("=");
    if (at < 1) throw new CliError("USAGE", `expected --label key=value, got "${part}"`);
    return [part.slice(0, at), part.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** `30m` → milliseconds. @throws CliError USAGE naming the option */
export function readDuration(option: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new CliError("USAGE", `${option}: ${cause.message}`, { cause });
  }
}

/** A duration within limits the controller has too. @throws CliError USAGE naming the option and the limits */
export function readDurationWithin(
  option: string,
  text: string,
  { min, max }: { readonly min: string; readonly max: string },
): number {
  const ms = readDuration(option, text);
  if (ms >= parseDuration(min) && ms <= parseDuration(max)) return ms;
  throw new CliError(
    "USAGE",
    `${option}: expected at least ${min} and at most ${max}, got ${text}`,
  );
}

/** @throws CliError USAGE naming the option unless it is a whole number of at most nine digits */
export function readCount(option: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  const expected = /^[0-9]+$/.test(text)
    ? "a whole number of at most nine digits"
    : "a whole number";
  throw new CliError("USAGE", `${option}: expected ${expected}, got "${text.slice(0, 32)}"`);
}

/** `2026-12-01T06:00:00Z` → ms since 1970; without Z or an offset it is this machine's time. @throws CliError USAGE */
export function readTime(option: string, text: string): number {
  const atMs = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}T/.test(text) && Number.isFinite(atMs)) return atMs;
  throw new CliError(
    "USAGE",
    `${option}: expected a time like 2026-12-01T06:00:00Z, got "${text.slice(0, 40)}"`,
  );
}

/** `digits@1.0.0` → model and version. @throws CliError USAGE */
export function readRelease(text: string): { readonly model: string; readonly version: string } {
  const [model, version, ...rest] = text.split("@");
  if (model !== undefined && version !== undefined && rest.length === 0) return { model, version };
  throw new CliError(
    "USAGE",
    `expected a release like digits@1.0.0, got "${text.slice(0, 128)}"${/\.ya?ml$/.test(text) ? ": it stands before the file" : ""}`,
  );
}
