import { isIP } from "node:net";
import { ConfigError } from "./config-error.ts";

/** @throws ConfigError unless the text is an address or a network, and not one of everybody */
export function requireNetwork(flag: string, text: string): void {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const length = prefix === undefined || /^\d{1,3}$/.test(prefix) ? Number(prefix ?? bits) : 0;
  if (rest.length === 0 && length > 0 && length <= bits) return;
  throw new ConfigError(
    "CONFIG",
    `${flag}: expected an address or a network like 10.0.0.0/8, got ${text}`,
  );
}
