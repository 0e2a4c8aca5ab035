import { join, resolve } from "node:path";
import { FormatError, telemetryLimits } from "@modelfleet/protocol";
import { defaultProbation } from "./domain/install/probation.ts";

/** How one agent runs. */
export interface AgentConfig {
  /** The data folder, absolute. */
  readonly folder: string;
  readonly socketPath: string;
  /** Loopback TCP as well; undefined is off. */
  readonly tcpPort: number | undefined;
  readonly windowMs: number;
  readonly confirmMs: number;
}

/** Options as they stand on the command line. */
export interface StartOptions {
  readonly data: string;
  readonly socket?: string;
  readonly tcpPort?: string;
  readonly windowMs?: string;
  readonly confirmMs?: string;
}

export interface EnrolOptions {
  readonly data: string;
  readonly deviceId?: string;
  readonly class: string;
}

const portMax = 65_535;
const confirmMsMax = 24 * 3_600_000;

/** @throws FormatError naming the option, what was expected and what came */
export function parseConfig(options: StartOptions): AgentConfig {
  const folder = resolve(options.data);
  return {
    folder,
    socketPath: socketPathOf(options),
    tcpPort: parseWhole("--tcp-port", options.tcpPort, { min: 0, max: portMax }),
    windowMs:
      parseWhole("--window-ms", options.windowMs, {
        min: telemetryLimits.windowMsMin,
        max: telemetryLimits.windowMsMax,
      }) ?? telemetryLimits.windowMsDefault,
    confirmMs:
      parseWhole("--confirm-ms", options.confirmMs, { min: 0, max: confirmMsMax }) ??
      defaultProbation.confirmMs,
  };
}

/** Where the agent of this data folder listens. */
export function socketPathOf(
  options: Pick<StartOptions, "data"> & { socket?: string | undefined },
) {
  return resolve(options.socket ?? join(options.data, "agent.sock"));
}

function parseWhole(
  option: string,
  text: string | undefined,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
  throw new FormatError("FORMAT", `${option}: expected ${expected}, got ${text.slice(0, 32)}`);
}
