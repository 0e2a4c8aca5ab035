import { ConfigError } from "./config-error.ts";

/**
 * An address without a path.
 *
 * @throws ConfigError naming the flag
 */
export function parseOrigin(
  flag: string,
  text: string | undefined,
  protocols: readonly string[],
): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url !== undefined &&
    protocols.includes(url.protocol) &&
    url.host !== "" &&
    `${url.username}${url.password}${url.search}${url.hash}` === "" &&
    ["", "/"].includes(url.pathname);
  if (isOrigin) return `${url.protocol}//${url.host}`;
  const example = `${protocols[0] ?? ""}//fleet.example`;
  throw new ConfigError("CONFIG", `${flag}: expected an address like ${example}, got ${text}`);
}
