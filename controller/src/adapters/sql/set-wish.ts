import type { DeviceId } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { DesiredEntry } from "../../ports/fleet-store.ts";
import { Prepared } from "./prepared.ts";
import type { ExecutionChanges } from "./rollout/execution-changes.ts";
import type { DesiredSlotsTable, Schema } from "./schema.ts";

/**
 * What a slot is told to run from now on; null: it is named no more. Rollouts that wanted something else there, or want
 * this, learn it through `changes`.
 */
export async function setWish(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  { device, slot, entry }: Wish,
): Promise<void> {
  await changes.want(device, slot, entry?.deployment ?? null);
  if (entry === null) await removeWish.run(transaction, { device, slot });
  else await putWish.run(transaction, wishRow(device, entry));
}

export interface Wish {
  readonly device: DeviceId;
  readonly slot: string;
  readonly entry: DesiredEntry | null;
}

type WishRow = Readonly<{ [Name in keyof DesiredSlotsTable]: DesiredSlotsTable[Name] }>;

function wishRow(device: DeviceId, entry: DesiredEntry): WishRow {
  const { slot, release, model, version, envelopeSize, deployment, windows } = entry;
  return {
    ...{ device, slot, release, model, version, deployment },
    envelope_size: envelopeSize,
    defer_ms_max: entry.deferMsMax ?? null,
    windows: windows === undefined ? null : JSON.stringify(windows),
    attempt: entry.attempt ?? null,
  };
}

const putWish = new Prepared<WishRow>((database, value) =>
  database
    .insertInto("desired_slots")
    .values({
      device: value("device"),
      slot: value("slot"),
      release: value("release"),
      model: value("model"),
      version: value("version"),
      envelope_size: value("envelope_size"),
      deployment: value("deployment"),
      defer_ms_max: value("defer_ms_max"),
      windows: value("windows"),
      attempt: value("attempt"),
    })
    .onConflict((conflict) =>
      conflict.columns(["device", "slot"]).doUpdateSet((column) => ({
        release: column.ref("excluded.release"),
        model: column.ref("excluded.model"),
        version: column.ref("excluded.version"),
        envelope_size: column.ref("excluded.envelope_size"),
        deployment: column.ref("excluded.deployment"),
        defer_ms_max: column.ref("excluded.defer_ms_max"),
        windows: column.ref("excluded.windows"),
        attempt: column.ref("excluded.attempt"),
      })),
    ),
);

const removeWish = new Prepared<{ readonly device: string; readonly slot: string }>(
  (database, value) =>
    database
      .deleteFrom("desired_slots")
      .where("device", "=", value("device"))
      .where("slot", "=", value("slot")),
);
