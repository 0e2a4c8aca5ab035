import type { EmbeddedController } from "@modelfleet/controller/embedded";
import {
  type DeviceId,
  type ExecutionState,
  mainSlot,
  type Rollout,
  rolloutLimits,
  type Sha256,
} from "@modelfleet/protocol";
import { lossOf, type SimulationResult, TransitionTrail } from "./verdict.ts";

const EVENTS_PER_PAGE = 5_000;
const LOSSES_SHOWN = 10;

export interface Judgement {
  readonly result: Omit<SimulationResult, "seconds">;
  /** Some of the lost ones, and why. */
  readonly losses: readonly string[];
}

/** What is left of a simulation. */
export interface LeftBehind {
  readonly controller: EmbeddedController;
  /** What each device serves. */
  readonly serving: ReadonlyMap<DeviceId, Sha256 | null>;
  readonly rollout: Rollout;
  readonly release: Sha256;
  /** As the bus has seen them; the log is asked in any case. */
  readonly offersAfterHalt?: number;
}

/** Holds what the controller knows, and has written down, against what the devices run. */
export async function judgeSimulation(left: LeftBehind): Promise<Judgement> {
  const { controller, serving, rollout, release, offersAfterHalt = 0 } = left;
  const trail = await readTrail(controller, rollout.id);
  const counts = new Map<ExecutionState, number>();
  const losses: string[] = [];
  const isOver = rollout.endedAtMs !== null;
  for await (const { device, execution } of executionsOf(controller, rollout.id)) {
    const { state } = execution;
    counts.set(state, (counts.get(state) ?? 0) + 1);
    const known = await controller.stores.fleet.device(device);
    const final = {
      ...{ device, state },
      known: known?.slots.find(({ slot }) => slot === mainSlot)?.active?.release ?? null,
      serves: serving.get(device) ?? null,
    };
    const written = trail.endOf(device) ?? state;
    const loss =
      written === state
        ? lossOf(final, { release, isOver })
        : `${state}, and the log ends at ${written}`;
    if (loss !== undefined) losses.push(`${device}: ${loss}`);
  }
  const of = (...states: readonly ExecutionState[]) =>
    states.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
  return {
    result: {
      devices: serving.size,
      confirmed: of("succeeded"),
      failed: of("failed", "rejected", "rolled-back"),
      timedOut: of("timed-out"),
      offersAfterHalt: Math.max(offersAfterHalt, trail.offersAfterHalt),
      lost: losses.length,
      duplicated: trail.duplicated,
    },
    losses: losses.slice(0, LOSSES_SHOWN),
  };
}

async function* executionsOf({ stores }: EmbeddedController, id: string) {
  let cursor: string | null = null;
  do {
    const query = { states: [], stage: null, limit: rolloutLimits.pageMax, cursor };
    const page = await stores.rollouts.executions(id, query);
    yield* page.executions;
    cursor = page.next;
  } while (cursor !== null);
}

async function readTrail({ stores }: EmbeddedController, id: string): Promise<TransitionTrail> {
  const trail = new TransitionTrail();
  let after = 0;
  for (;;) {
    const events = await stores.audit.pageOf(`rollout:${id}`, after, EVENTS_PER_PAGE);
    for (const { action, detail } of events) {
      if (action === "stage.failed") trail.halted();
      if (action === "rollout.resume") trail.resumed();
      if (!action.startsWith("execution.")) continue;
      const { device, from, to } = JSON.parse(detail) as Record<string, string>;
      if (device === undefined || from === undefined || to === undefined) continue;
      trail.add({ device, from, to });
    }
    const last = events.at(-1);
    if (last === undefined) return trail;
    after = last.seq;
  }
}
