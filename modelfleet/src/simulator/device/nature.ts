import type { RefusalCode } from "@modelfleet/protocol";
import type { Chance } from "../chance.ts";
import type { AgentNature } from "./simulated-agent.ts";

/** What a fleet is like; each a share of its devices, or a probability. */
export interface FleetNature {
  readonly crash: number;
  readonly skewMs: number;
  readonly fail: number;
  readonly failCode: RefusalCode;
  readonly slow: number;
  readonly stepMs: number;
}

const SLOWER = 10;
/** In steps of an installation. */
const RESTART_STEPS_MAX = 6;

/** What one of its devices is like. */
export function natureOf(
  { crash, skewMs, fail, failCode, slow, stepMs }: FleetNature,
  chance: Chance,
): AgentNature {
  const refuses = chance.hits(fail);
  const isSlow = chance.hits(slow);
  const conduct = refuses
    ? ({ kind: "refuse", code: failCode } as const)
    : { kind: "confirm" as const };
  return {
    crash,
    skewMs: Math.round(chance.between(-skewMs, skewMs)),
    stepMs: isSlow ? SLOWER * stepMs : stepMs,
    restartMsMax: RESTART_STEPS_MAX * stepMs,
    conductOf: () => conduct,
  };
}
