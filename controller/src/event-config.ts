import { eventLimits } from "@modelfleet/protocol";
import { ConfigError } from "./config-error.ts";
import { requireNetwork } from "./require-network.ts";

/** What a person may say about what leaves the controller; everything as it was typed. */
export interface EventFlags {
  readonly webhookNetwork?: readonly string[] | undefined;
  readonly otlpEndpoint?: string | undefined;
}

export interface EventConfig {
  /** Addresses, or networks like 192.168.10.0/24, that are not public and webhooks may lie in. */
  readonly webhookNetworks: readonly string[];
  /** Where figures of cohorts are sent besides, like `http://collector:4318/v1/metrics`. */
  readonly otlpEndpoint: string | undefined;
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
  return {
    webhookNetworks: isDev ? [...networks, ...thisMachine] : networks,
    otlpEndpoint: parseEndpoint(flags.otlpEndpoint),
  };
}

/** The whole address, with its path: what the collector takes as metrics. */
function parseEndpoint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && `${url.username}${url.password}${url.hash}` === "";
  if (isPlain && ["http:", "https:"].includes(url.protocol) && url.pathname !== "/") return text;
  throw new ConfigError(
    "CONFIG",
    `--otlp-endpoint: expected an address like http://collector:4318/v1/metrics, got ${text}`,
  );
}
