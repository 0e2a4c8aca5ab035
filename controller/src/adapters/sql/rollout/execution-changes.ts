import { rolloutLimits } from "@modelfleet/protocol";
import type { Selectable, Transaction } from "kysely";
import { isDeviceFailure } from "../../../domain/rollout/device-failure.ts";
import type { ExecutionChange } from "../../../domain/rollout/execution.ts";
import type { DesiredEntry } from "../../../ports/fleet-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { executionColumns, RETURNABLE, standingColumns, WANTED } from "./execution-rows.ts";
import type { RolloutExecutionsTable } from "./rollout-tables.ts";
import { Tallies } from "./tallies.ts";

/** What is read of an execution before it is changed. */
export type ExecutionBefore = Pick<
  Selectable<RolloutExecutionsTable>,
  | "rollout"
  | "device"
  | "stage"
  | "state"
  | "code"
  | "version"
  | "is_unwell"
  | "wanted"
  | "previous"
>;

export interface ChangeFacts {
  /** Set with the first order. */
  readonly previous?: DesiredEntry | null | undefined;
  /** The device says that its slot serves. */
  readonly isServing?: boolean;
}

/**
 * Changes of executions in one transaction, with all that is counted: tallies, orders, failures. What is counted is
 * written by `write`, once.
 */
export class ExecutionChanges {
  readonly #transaction: Transaction<Schema>;
  readonly #tallies = new Tallies();
  readonly #orders = new Map<string, { count: number; atMs: number }>();

  constructor(transaction: Transaction<Schema>) {
    this.#transaction = transaction;
  }

  /** @returns false when its version has moved; then nothing has changed */
  async store(
    before: ExecutionBefore,
    { next, steps }: ExecutionChange,
    { previous, isServing = false }: ChangeFacts = {},
  ): Promise<boolean> {
    const { rollout, device, version, wanted } = before;
    const hasFailed = steps.some(isDeviceFailure);
    const isUnwell =
      !isServing && (hasFailed || before.is_unwell === 1) && next.state !== "succeeded";
    const changed = await changeExecution.run(this.#transaction, {
      ...{ rollout, device, version },
      ...executionColumns(next, { isUnwell, wanted }),
      previous: previous === undefined ? before.previous : previousText(previous),
    });
    if (changed !== 1) return false;
    this.#tallies.leave(rollout, before);
    this.#tallies.enter(rollout, { ...before, state: next.state, code: next.code });
    if (hasFailed) await this.#fail(before, next.changedAtMs, next.attempts);
    if (steps.some(({ to }) => to === "offered")) this.#order(rollout, next.offeredAtMs);
    return true;
  }

  /** What a slot is told to run comes of another deployment or rollout from now on; null: of none. */
  async want(device: string, slot: string, deployment: string | null): Promise<void> {
    const before = await wishOf.first(this.#transaction, { device, slot });
    if (before !== undefined && before.deployment !== deployment) {
      await this.#setWanted(before.deployment, device, false);
    }
    if (deployment !== null) await this.#setWanted(deployment, device, true);
  }

  async write(): Promise<void> {
    await this.#tallies.write(this.#transaction);
    for (const [rollout, { count, atMs }] of this.#orders) {
      const beforeMs = atMs - rolloutLimits.rateSpanMs;
      await countOrders.run(this.#transaction, { rollout, count });
      await noteOrders.run(this.#transaction, { rollout, at_ms: atMs, count });
      await forgetOrders.run(this.#transaction, { rollout, before: beforeMs });
    }
    this.#orders.clear();
  }

  /** Of a deployment that is no rollout, nothing is found. */
  async #setWanted(rollout: string, device: string, isWanted: boolean): Promise<void> {
    const before = await executionBefore.first(this.#transaction, { rollout, device });
    if (before === undefined) return;
    const wanted = isWanted ? wantedKind(before) : 0;
    if (wanted === before.wanted) return;
    const standing = { isUnwell: before.is_unwell === 1, wanted };
    const columns = standingColumns(before.state, standing);
    await changeStanding.run(this.#transaction, { rollout, device, ...columns });
    this.#tallies.leave(rollout, before);
    this.#tallies.enter(rollout, { ...before, wanted });
  }

  /** For the penalty box, as far back as any plan looks. */
  async #fail({ rollout, device }: ExecutionBefore, atMs: number, attempt: number): Promise<void> {
    await noteFailure.run(this.#transaction, { rollout, device, at_ms: atMs, attempt });
    const beforeMs = atMs - 2 * rolloutLimits.penaltyMsMax;
    await forgetFailures.run(this.#transaction, { device, before: beforeMs });
  }

  #order(rollout: string, atMs: number | null): void {
    if (atMs === null) return;
    const known = this.#orders.get(rollout);
    this.#orders.set(rollout, { count: (known?.count ?? 0) + 1, atMs });
  }
}

function wantedKind({ previous }: ExecutionBefore): number {
  return previous === null ? WANTED : RETURNABLE;
}

function previousText(previous: DesiredEntry | null): string | null {
  return previous === null ? null : JSON.stringify(previous);
}

type Key = { readonly rollout: string; readonly device: string };

/** By its key; undefined where the device is no part of the rollout, or it is none. */
export const executionBefore = new Prepared<Key, ExecutionBefore>((database, value) =>
  database
    .selectFrom("rollout_executions")
    .select(["rollout", "device", "stage", "state", "code", "version", "is_unwell", "wanted"])
    .select("previous")
    .where("rollout", "=", value("rollout"))
    .where("device", "=", value("device")),
);

const changeExecution = new Prepared<
  Key & { readonly version: number; readonly previous: string | null } & ReturnType<
      typeof executionColumns
    >
>((database, value) =>
  database
    .updateTable("rollout_executions")
    .set((column) => ({
      state: value("state"),
      code: value("code"),
      detail: value("detail"),
      attempts: value("attempts"),
      seq: value("seq"),
      offered_at_ms: value("offered_at_ms"),
      attempt_at_ms: value("attempt_at_ms"),
      changed_at_ms: value("changed_at_ms"),
      due_at_ms: value("due_at_ms"),
      timer_at_ms: value("timer_at_ms"),
      is_unwell: value("is_unwell"),
      is_heeded: value("is_heeded"),
      wanted: value("wanted"),
      previous: value("previous"),
      version: column("version", "+", 1),
    }))
    .where("rollout", "=", value("rollout"))
    .where("device", "=", value("device"))
    .where("version", "=", value("version")),
);

const changeStanding = new Prepared<Key & ReturnType<typeof standingColumns>>((database, value) =>
  database
    .updateTable("rollout_executions")
    .set({
      is_unwell: value("is_unwell"),
      is_heeded: value("is_heeded"),
      wanted: value("wanted"),
    })
    .where("rollout", "=", value("rollout"))
    .where("device", "=", value("device")),
);

const wishOf = new Prepared<
  { readonly device: string; readonly slot: string },
  { readonly deployment: string }
>((database, value) =>
  database
    .selectFrom("desired_slots")
    .select("deployment")
    .where("device", "=", value("device"))
    .where("slot", "=", value("slot")),
);

const noteFailure = new Prepared<Key & { readonly at_ms: number; readonly attempt: number }>(
  (database, value) =>
    database
      .insertInto("device_failures")
      .values({
        device: value("device"),
        at_ms: value("at_ms"),
        rollout: value("rollout"),
        attempt: value("attempt"),
      })
      .onConflict((conflict) => conflict.doNothing()),
);

const forgetFailures = new Prepared<{ readonly device: string; readonly before: number }>(
  (database, value) =>
    database
      .deleteFrom("device_failures")
      .where("device", "=", value("device"))
      .where("at_ms", "<", value("before")),
);

const countOrders = new Prepared<{ readonly rollout: string; readonly count: number }>(
  (database, value) =>
    database
      .updateTable("rollouts")
      .set((column) => ({ offered: column("offered", "+", value("count")) }))
      .where("id", "=", value("rollout")),
);

const noteOrders = new Prepared<Readonly<{ rollout: string; at_ms: number; count: number }>>(
  (database, value) =>
    database
      .insertInto("rollout_orders")
      .values({ rollout: value("rollout"), at_ms: value("at_ms"), count: value("count") })
      .onConflict((conflict) =>
        conflict.columns(["rollout", "at_ms"]).doUpdateSet((column) => ({
          count: column("rollout_orders.count", "+", column.ref("excluded.count")),
        })),
      ),
);

const forgetOrders = new Prepared<{ readonly rollout: string; readonly before: number }>(
  (database, value) =>
    database
      .deleteFrom("rollout_orders")
      .where("rollout", "=", value("rollout"))
      .where("at_ms", "<=", value("before")),
);
