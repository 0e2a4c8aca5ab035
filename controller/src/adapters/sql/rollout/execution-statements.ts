import type { Selectable } from "kysely";
import { Prepared } from "../prepared.ts";
import type { progressColumns, standingColumns } from "./execution-rows.ts";
import type { RolloutExecutionsTable } from "./rollout-tables.ts";

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
  | "is_heeded"
  | "wanted"
  | "previous"
>;

type Key = { readonly rollout: string; readonly device: string };

/** By its key; undefined where the device is no part of the rollout, or it is none. */
export const executionBefore = new Prepared<Key, ExecutionBefore>((database, value) =>
  database
    .selectFrom("rollout_executions")
    .select(["rollout", "device", "stage", "state", "code", "version", "previous"])
    .select(["is_unwell", "is_heeded", "wanted"])
    .where("rollout", "=", value("rollout"))
    .where("device", "=", value("device")),
);

/** By its version. */
export const moveExecution = new Prepared<
  Key & { readonly version: number } & ReturnType<typeof progressColumns>
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
      version: column("version", "+", 1),
    }))
    .where("rollout", "=", value("rollout"))
    .where("device", "=", value("device"))
    .where("version", "=", value("version")),
);

export const keepPrevious = new Prepared<Key & { readonly previous: string | null }>(
  (database, value) =>
    database
      .updateTable("rollout_executions")
      .set({ previous: value("previous") })
      .where("rollout", "=", value("rollout"))
      .where("device", "=", value("device")),
);

export const changeStanding = new Prepared<Key & ReturnType<typeof standingColumns>>(
  (database, value) =>
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

export const wishOf = new Prepared<
  { readonly device: string; readonly slot: string },
  { readonly deployment: string }
>((database, value) =>
  database
    .selectFrom("desired_slots")
    .select("deployment")
    .where("device", "=", value("device"))
    .where("slot", "=", value("slot")),
);

export const noteFailure = new Prepared<Key & { readonly at_ms: number; readonly attempt: number }>(
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

export const forgetFailures = new Prepared<{ readonly device: string; readonly before: number }>(
  (database, value) =>
    database
      .deleteFrom("device_failures")
      .where("device", "=", value("device"))
      .where("at_ms", "<", value("before")),
);

export const countOrders = new Prepared<{ readonly rollout: string; readonly count: number }>(
  (database, value) =>
    database
      .updateTable("rollouts")
      .set((column) => ({ offered: column("offered", "+", value("count")) }))
      .where("id", "=", value("rollout")),
);

export const noteOrders = new Prepared<Readonly<{ rollout: string; at_ms: number; count: number }>>(
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

export const forgetOrders = new Prepared<{ readonly rollout: string; readonly before: number }>(
  (database, value) =>
    database
      .deleteFrom("rollout_orders")
      .where("rollout", "=", value("rollout"))
      .where("at_ms", "<=", value("before")),
);
