import { join } from "node:path";
import type { AuditEvent, Sha256 } from "@modelfleet/protocol";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import { rolloutView } from "../../../controller/src/app/rollout/rollout-view.ts";
import type { StoredExecution } from "../../../controller/src/ports/rollout-store.ts";
import type { BusDevice } from "./bus-device.ts";
import { brokenChain, brokenCourse, lostReports, miscounted, strangeOrders } from "./end-rules.ts";

/** What is to be the same, however often the controller was killed. */
export interface Outcome {
  /** State of the rollout, then of each stage. */
  readonly states: readonly string[];
  /** Of each device its stage, state, code, number of attempts, and whether it serves the release. */
  readonly devices: readonly string[];
  /** What was decided about the rollout and its stages, in order. */
  readonly decisions: readonly string[];
}

export interface EndOfRollout {
  readonly outcome: Outcome;
  /** What must never be, whatever happened. */
  readonly violations: readonly string[];
}

const all = { states: [], stage: null, limit: 500, cursor: null };
const EVENTS_MAX = 10_000;

/** Reads the database of a controller that is down, and what its devices know. */
export async function readEnd(
  folder: string,
  id: string,
  devices: ReadonlyMap<string, BusDevice>,
): Promise<EndOfRollout> {
  await using stores = await openDatabase(join(folder, "controller.sqlite"));
  const snapshot = await stores.rollouts.byId(id);
  if (snapshot === undefined) throw new Error(`expected rollout ${id}`);
  const { executions } = await stores.rollouts.executions(id, all);
  const events = await stores.audit.pageOf(`rollout:${id}`, 0, EVENTS_MAX);
  const page = { limit: 500, cursor: null, direction: "newest-first" } as const;
  const { rollouts } = await stores.rollouts.page(page);
  const { release, state } = snapshot.rollout;
  const { stages } = rolloutView(snapshot);
  const same = rollouts.filter(({ rollout }) => rollout.release === release);
  return {
    outcome: {
      states: [state, ...stages.map((stage) => stage.state)],
      devices: executions.map((one) => described(one, release, devices)).toSorted(),
      decisions: events.flatMap(decisionIn),
    },
    violations: [
      ...(same.length === 1 ? [] : [`${same.length} rollouts came of one request`]),
      ...(await brokenChain(stores)),
      ...(await lostReports(stores, devices)),
      ...stages.flatMap((stage) => miscounted(stage, executions)),
      ...executions.flatMap((execution) => brokenCourse(execution, events)),
      ...executions.flatMap((execution) => strangeOrders(execution, devices)),
    ],
  };
}

function described(
  { device, stage, execution: { state, code, attempts } }: StoredExecution,
  release: Sha256,
  devices: ReadonlyMap<string, BusDevice>,
): string {
  const serves = devices.get(device)?.active?.release === release ? "serves it" : "serves another";
  return `${device} stage ${stage} ${state} ${code} attempts ${attempts}, ${serves}`;
}

/** Without what is told by the time or by chance. */
function decisionIn({ action, detail }: AuditEvent): readonly string[] {
  if (action.startsWith("execution.")) return [];
  const { stage } = JSON.parse(detail) as { readonly stage?: number };
  return [stage === undefined ? action : `${action} ${stage}`];
}
