import { eventLimits } from "@modelfleet/protocol";
import { ConfigError } from "./config-error.ts";
import { requireNetwork } from "./require-network.ts";

/** What a person may say about what leaves the controller; everything as it was typed. */
export interface EventFlags {
  readonly webhookNetwork?: readonly string[] | undefined;
}

export interface EventConfig {
  /** Addresses, or networks like 192.168.10.0/24, that are not public and webhooks may lie in. */
  readonly webhookNetworks: readonly string[];
}

const thisMachine = ["127.0.0.0/8", "::1"];

/** @throws ConfigError naming the flag, what was expected and the way out */
export function parseEvents(flags: EventFlags, isDev: boolean): EventConfig {
  const networks = flags.webhookNetwork ?? [];
  if (networks.length > eventLimits.networksMax) {
    throw new ConfigError(
      "CONFIG",
      `--webhook-network: expected at most ${eventLimits.networksMax}, got ${networks.length}`,
    );
  }
  for (const network of networks) requireNetwork("--webhook-network", network);
  return { webhookNetworks: isDev ? [...networks, ...thisMachine] : networks };
}
