import { type RolloutPlan, rolloutLimits, type Sha256 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { ExecutionPolicy } from "../../../domain/rollout/execution.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";

/** What never changes of a rollout. */
export interface RolloutFacts {
  readonly policy: ExecutionPolicy;
  readonly seed: string;
  readonly priority: number;
}

/** By the adapter of their database. Ids are never used again, so what is kept stays true. */
const kept = new WeakMap<object, Map<string, RolloutFacts>>();

/** Read once: reports of a hundred thousand devices ask for the same few. */
export async function factsOf(database: Kysely<Schema>, rollout: string): Promise<RolloutFacts> {
  const { adapter } = database.getExecutor();
  const known = kept.get(adapter) ?? new Map<string, RolloutFacts>();
  kept.set(adapter, known);
  const found = known.get(rollout) ?? (await read(database, rollout));
  if (known.size >= rolloutLimits.activeRolloutsMax) known.clear();
  known.set(rollout, found);
  return found;
}

async function read(database: Kysely<Schema>, rollout: string): Promise<RolloutFacts> {
  const row = await factsOfRollout.first(database, { rollout });
  if (row === undefined) throw new RangeError(`expected rollout ${rollout} of an execution`);
  const { timeouts, retries } = JSON.parse(row.plan) as RolloutPlan;
  const policy = { release: row.release as Sha256, timeouts, retries };
  return { policy, seed: row.seed, priority: row.priority };
}

const factsOfRollout = new Prepared<
  { readonly rollout: string },
  Readonly<{ plan: string; seed: string; priority: number; release: string }>
>((database, value) =>
  database
    .selectFrom("rollouts")
    .select(["plan", "seed", "priority", "release"])
    .where("id", "=", value("rollout")),
);
