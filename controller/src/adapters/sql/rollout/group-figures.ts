import { ExecutionState } from "@modelfleet/protocol";
import type { ExpressionBuilder, Kysely } from "kysely";
import { sql } from "kysely";
import { isOpen } from "../../../domain/rollout/machine/execution-states.ts";
import type { GroupFigures } from "../../../ports/rollout-store.ts";
import type { Schema } from "../schema.ts";

/** Of devices without the label. */
const NO_GROUP = "";

/** States in which a device is being worked at. */
const atWork = ExecutionState.options.filter(
  (state) => isOpen(state) && state !== "queued" && state !== "straggler",
);

/** Of a group, how many devices there are and how many of them are out of service now, whatever the reason. */
export async function groupFigures(
  database: Kysely<Schema>,
  groupBy: string,
  groups: readonly string[],
): Promise<ReadonlyMap<string, GroupFigures>> {
  if (groups.length === 0) return new Map();
  const rows =
    groupBy === "class"
      ? await byClass(database, groups)
      : [
          ...(await byLabel(database, groupBy, groups)),
          ...(groups.includes(NO_GROUP) ? await withoutLabel(database, groupBy) : []),
        ];
  const some = rows.filter(({ devices }) => devices > 0);
  return new Map(some.map(({ value, devices, unavailable }) => [value, { devices, unavailable }]));
}

interface GroupRow extends GroupFigures {
  readonly value: string;
}

function byClass(database: Kysely<Schema>, groups: readonly string[]): Promise<GroupRow[]> {
  return activeDevices(database)
    .select("d.class as value")
    .where("d.class", "in", groups)
    .groupBy("d.class")
    .execute();
}

function byLabel(
  database: Kysely<Schema>,
  key: string,
  groups: readonly string[],
): Promise<GroupRow[]> {
  return activeDevices(database)
    .innerJoin("device_labels as l", "l.device", "d.id")
    .select("l.value")
    .where("l.key", "=", key)
    .where("l.value", "in", groups)
    .groupBy("l.value")
    .execute();
}

function withoutLabel(database: Kysely<Schema>, key: string): Promise<GroupRow[]> {
  return activeDevices(database)
    .select(sql.lit(NO_GROUP).as("value"))
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom("device_labels as l")
            .select("l.value")
            .whereRef("l.device", "=", "d.id")
            .where("l.key", "=", key),
        ),
      ),
    )
    .execute();
}

function activeDevices(database: Kysely<Schema>) {
  return database
    .selectFrom("devices as d")
    .where("d.state", "=", "active")
    .select((column) => [
      column.fn.countAll<number>().as("devices"),
      column.fn.coalesce(column.fn.sum<number>(outOfService(column)), sql.lit(0)).as("unavailable"),
    ]);
}

type DeviceColumns = ExpressionBuilder<Schema & { d: Schema["devices"] }, "d">;

/** 1 or 0: offline, at work in any rollout, or failed and not seen well again. */
function outOfService(column: DeviceColumns) {
  const busy = column.exists(
    column
      .selectFrom("rollout_executions as e")
      .select("e.rollout")
      .whereRef("e.device", "=", "d.id")
      .where("e.is_heeded", "=", 1)
      .where((where) => where.or([where("e.is_unwell", "=", 1), where("e.state", "in", atWork)])),
  );
  return column
    .case()
    .when(column.or([column("d.online", "=", 0), busy]))
    .then(1)
    .else(0)
    .end();
}
