import {
  controllerLimits,
  type DeviceId,
  ExecutionState,
  type SlotName,
} from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import { isInFlight, isOpen } from "../../../domain/rollout/machine/execution-states.ts";
import type { StoredExecution } from "../../../ports/rollout-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { type ExecutionRow, executionOf } from "./execution-rows.ts";
import { NO_STAGE } from "./rollout-rows.ts";

/** Executions with what their rollout and device say. */
export function selectExecutions(database: Kysely<Schema>) {
  return database
    .selectFrom("rollout_executions as e")
    .innerJoin("rollouts as r", "r.id", "e.rollout")
    .innerJoin("devices as d", "d.id", "e.device")
    .selectAll("e")
    .select(["r.release", "d.labels", "d.online"]);
}

export async function queuedExecutions(
  database: Kysely<Schema>,
  rollout: string,
  { stage, ...page }: QueuePlace,
): Promise<readonly StoredExecution[]> {
  const rows = await queuedOfStage.rows(database, { rollout, stage: stage ?? NO_STAGE, ...page });
  return rows.map(executionOf);
}

interface QueuePlace {
  readonly stage: number | null;
  readonly after: number;
  readonly count: number;
  readonly nowMs: number;
}

const queuedOfStage = new Prepared<
  {
    readonly rollout: string;
    readonly stage: number;
    readonly after: number;
    readonly nowMs: number;
    readonly count: number;
  },
  ExecutionRow
>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.stage", "=", value("stage"))
    .where("e.state", "=", "queued")
    .where("e.position", ">", value("after"))
    .where((where) =>
      where.or([where("e.due_at_ms", "is", null), where("e.due_at_ms", "<=", value("nowMs"))]),
    )
    .orderBy("e.position")
    .limit(value("count")),
);

export async function dueExecutions(
  database: Kysely<Schema>,
  rollout: string,
  page: { readonly nowMs: number; readonly count: number },
): Promise<readonly StoredExecution[]> {
  return (await dueOfRollout.rows(database, { rollout, ...page })).map(executionOf);
}

const dueOfRollout = new Prepared<
  { readonly rollout: string; readonly nowMs: number; readonly count: number },
  ExecutionRow
>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.timer_at_ms", "<=", value("nowMs"))
    .orderBy("e.timer_at_ms")
    .orderBy("e.device")
    .limit(value("count")),
);

export async function executionByDevice(
  database: Kysely<Schema>,
  rollout: string,
  device: DeviceId,
): Promise<StoredExecution | undefined> {
  const row = await oneExecution.first(database, { rollout, device });
  return row && executionOf(row);
}

export const oneExecution = new Prepared<
  { readonly rollout: string; readonly device: string },
  ExecutionRow
>((database, value) =>
  selectExecutions(database)
    .where("e.rollout", "=", value("rollout"))
    .where("e.device", "=", value("device")),
);

export async function openExecution(
  database: Kysely<Schema>,
  device: DeviceId,
  slot: SlotName,
): Promise<StoredExecution | undefined> {
  const row = await selectExecutions(database)
    .where("e.device", "=", device)
    .where("e.is_heeded", "=", 1)
    .where("e.slot", "=", slot)
    .where("e.state", "in", ExecutionState.options.filter(isOpen))
    .orderBy("e.seq", "desc")
    .executeTakeFirst();
  return row && executionOf(row);
}

export async function inFlightOf(database: Kysely<Schema>, rollout: string): Promise<number> {
  const row = await database
    .selectFrom("rollout_tallies")
    .select((column) => column.fn.sum<number | null>("count").as("count"))
    .where("rollout", "=", rollout)
    .where("state", "in", ExecutionState.options.filter(isInFlight))
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** Open executions of other rollouts on these devices in this slot, by rollout. */
export async function conflictingExecutions(
  database: Kysely<Schema>,
  slot: SlotName,
  { devices, except }: { readonly devices: readonly DeviceId[]; readonly except: string | null },
): Promise<ReadonlyMap<string, readonly DeviceId[]>> {
  const found = new Map<string, DeviceId[]>();
  for (let from = 0; from < devices.length; from += controllerLimits.rowsPerInsertMax) {
    const slice = devices.slice(from, from + controllerLimits.rowsPerInsertMax);
    const rows = await database
      .selectFrom("rollout_executions")
      .select(["rollout", "device"])
      .where("device", "in", slice)
      .where("is_heeded", "=", 1)
      .where("slot", "=", slot)
      .where("rollout", "!=", except ?? "")
      .where("state", "in", ExecutionState.options.filter(isOpen))
      .orderBy("device")
      .execute();
    for (const { rollout, device } of rows) {
      const list = found.get(rollout) ?? [];
      list.push(device as DeviceId);
      found.set(rollout, list);
    }
  }
  return found;
}

/** Every device a rollout has or had, and the first position that nobody has. */
export async function membersOf(
  database: Kysely<Schema>,
  rollout: string,
): Promise<{ readonly names: readonly DeviceId[]; readonly position: number }> {
  const all = database.selectFrom("rollout_executions").where("rollout", "=", rollout);
  const last = await all.select((column) => column.fn.max("position").as("position")).execute();
  const rows = await all.select("device").orderBy("device").execute();
  return {
    names: rows.map(({ device }) => device as DeviceId),
    position: (last[0]?.position ?? -1) + 1,
  };
}
