import type { ExecutionState } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { RETURNABLE } from "./execution-rows.ts";

/** What an execution counts as. */
export interface Counted {
  /** Or `NO_STAGE`, `CONTROL`. */
  readonly stage: number;
  readonly state: ExecutionState;
  readonly code: string | null;
  /** As in the table. */
  readonly wanted: number;
}

/**
 * How many executions are in each state of each stage, so that a stage of a hundred thousand is judged by reading a few
 * rows. Gathered over the changes of one transaction, and written in it.
 */
export class Tallies {
  readonly #changes = new Map<string, TallyRow>();

  enter(rollout: string, counted: Counted): void {
    this.#add(rollout, counted, 1);
  }

  leave(rollout: string, counted: Counted): void {
    this.#add(rollout, counted, -1);
  }

  async write(transaction: Transaction<Schema>): Promise<void> {
    for (const change of this.#changes.values()) {
      const { count, installed, returnable } = change;
      if (count === 0 && installed === 0 && returnable === 0) continue;
      await addToTally.run(transaction, change);
    }
    this.#changes.clear();
  }

  #add(rollout: string, { stage, state, code, wanted }: Counted, count: number): void {
    const key = `${rollout} ${stage} ${state}`;
    const known = this.#changes.get(key) ?? { rollout, stage, state, ...nothing };
    const isInstalled = state === "skipped" && code === "ALREADY_INSTALLED";
    this.#changes.set(key, {
      ...known,
      count: known.count + count,
      installed: known.installed + (isInstalled ? count : 0),
      returnable: known.returnable + (wanted === RETURNABLE ? count : 0),
    });
  }
}

const nothing = { count: 0, installed: 0, returnable: 0 } as const;

type TallyRow = Readonly<{
  rollout: string;
  stage: number;
  state: ExecutionState;
  count: number;
  installed: number;
  returnable: number;
}>;

const addToTally = new Prepared<TallyRow>((database, value) =>
  database
    .insertInto("rollout_tallies")
    .values({
      rollout: value("rollout"),
      stage: value("stage"),
      state: value("state"),
      count: value("count"),
      installed: value("installed"),
      returnable: value("returnable"),
    })
    .onConflict((conflict) =>
      conflict.columns(["rollout", "stage", "state"]).doUpdateSet((column) => ({
        count: column("rollout_tallies.count", "+", column.ref("excluded.count")),
        installed: column("rollout_tallies.installed", "+", column.ref("excluded.installed")),
        returnable: column("rollout_tallies.returnable", "+", column.ref("excluded.returnable")),
      })),
    ),
);
