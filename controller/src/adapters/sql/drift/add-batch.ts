import type { Transaction } from "kysely";
import type { TelemetryBatchRecord } from "../../../ports/telemetry-store.ts";
import type { Schema } from "../schema.ts";
import { type Mark, markCells } from "./mark-cells.ts";

/** Of a batch; the first columns of the key of each of its parts, too. */
export const batchKey = ["device", "era", "boot", "seq"] as const;

/** Everything a batch brings, unless it has come before: then nothing changes. */
export async function addBatch(
  transaction: Transaction<Schema>,
  batch: TelemetryBatchRecord,
): Promise<"stored" | "duplicate"> {
  const { dropped, receivedAtMs } = batch;
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto("telemetry_batches")
    .values({ ...keyOf(batch), dropped, received_at_ms: receivedAtMs })
    .onConflict((conflict) => conflict.columns(batchKey).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return "duplicate";
  await countBatch(transaction, batch);
  await addWindows(transaction, batch);
  await addLabels(transaction, batch);
  await addQuarantined(transaction, batch);
  return "stored";
}

function keyOf({ device, era, boot, seq }: TelemetryBatchRecord) {
  return { device, era, boot, seq };
}

/** In whatever order they come: what is missing is how far a start has counted, less how many came. */
async function countBatch(
  transaction: Transaction<Schema>,
  { device, era, boot, seq, receivedAtMs }: TelemetryBatchRecord,
): Promise<void> {
  await transaction
    .insertInto("telemetry_boots")
    .values({ device, era, boot, seq_max: seq, received: 1, last_at_ms: receivedAtMs })
    .onConflict((conflict) =>
      conflict.columns(["device", "era", "boot"]).doUpdateSet((column) => ({
        received: column("telemetry_boots.received", "+", 1),
        seq_max: column
          .case()
          .when("telemetry_boots.seq_max", "<", seq)
          .then(seq)
          .else(column.ref("telemetry_boots.seq_max"))
          .end(),
        last_at_ms: receivedAtMs,
      })),
    )
    .execute();
}

async function addWindows(
  transaction: Transaction<Schema>,
  batch: TelemetryBatchRecord,
): Promise<void> {
  const { windows } = batch;
  if (windows.length === 0) return;
  const marks = await markCells(transaction, windows);
  const rows = windows.map((window, position) => ({
    ...keyOf(batch),
    ...markAt(marks, position),
    position,
    slot: window.slot,
    release8: window.releasePrefix,
    start_ms: window.startMs,
    duration_ms: window.durationMs,
    bytes: window.bytes,
  }));
  await transaction.insertInto("telemetry_windows").values(rows).execute();
}

async function addLabels(
  transaction: Transaction<Schema>,
  batch: TelemetryBatchRecord,
): Promise<void> {
  const { labels = [] } = batch;
  if (labels.length === 0) return;
  const marks = await markCells(transaction, labels);
  const rows = labels.map(({ slot, output, labelled, errors, ...rest }, position) => ({
    ...keyOf(batch),
    ...markAt(marks, position),
    ...{ position, slot, output, labelled, errors },
    release8: rest.releasePrefix,
    start_ms: rest.startMs,
    duration_ms: rest.durationMs,
    detectors: rest.detectors.join(" "),
  }));
  await transaction.insertInto("telemetry_labels").values(rows).execute();
}

async function addQuarantined(
  transaction: Transaction<Schema>,
  batch: TelemetryBatchRecord,
): Promise<void> {
  const { quarantined = [], receivedAtMs } = batch;
  if (quarantined.length === 0) return;
  const rows = quarantined.map(({ reason, releasePrefix, profilePrefix, bytes }, position) => ({
    ...keyOf(batch),
    ...{ position, reason, bytes },
    release8: releasePrefix,
    profile8: profilePrefix,
    received_at_ms: receivedAtMs,
  }));
  await transaction.insertInto("telemetry_quarantine").values(rows).execute();
}

function markAt(marks: readonly Mark[], position: number): Mark {
  const mark = marks[position];
  if (mark === undefined) throw new RangeError(`expected a mark of part ${position}`);
  return mark;
}
