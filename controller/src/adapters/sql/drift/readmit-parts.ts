import type { DeviceId, Digest8 } from "@modelfleet/protocol";
import { type Kysely, sql, type Transaction } from "kysely";
import type { PartPlace, QuarantinedPart, Readmission } from "../../../ports/telemetry-store.ts";
import { bytesOf } from "../column.ts";
import type { Schema } from "../schema.ts";
import { markCells } from "./mark-cells.ts";

const REASON = "RELEASE";

/** From the releases, which are few and all known: of what is in quarantine a device may name as many as it likes. */
export async function releasesToReadmit(
  database: Kysely<Schema>,
  countMax: number,
): Promise<readonly Digest8[]> {
  // As `digest8` has it.
  const prefix = sql<Digest8>`substr(releases.release, 1, 16)`;
  const rows = await database
    .selectFrom("releases")
    .select(prefix.as("prefix"))
    .where((where) =>
      where.exists(
        where
          .selectFrom("telemetry_quarantine")
          .select("device")
          .where("reason", "=", REASON)
          .where("release8", "=", prefix),
      ),
    )
    .limit(countMax)
    .execute();
  return rows.map((row) => row.prefix);
}

export async function quarantinedParts(
  database: Kysely<Schema>,
  releasePrefix: Digest8,
  count: number,
): Promise<readonly QuarantinedPart[]> {
  const rows = await database
    .selectFrom("telemetry_quarantine")
    .selectAll()
    .where("reason", "=", REASON)
    .where("release8", "=", releasePrefix)
    .orderBy("received_at_ms")
    .limit(count)
    .execute();
  return rows.map(({ device, era, boot, seq, position, received_at_ms, bytes }) => ({
    place: { device: device as DeviceId, era, boot, seq, position },
    receivedAtMs: received_at_ms,
    bytes: bytesOf(bytes),
  }));
}

/** Those that were still there, as what became of each. */
export async function readmitParts(
  transaction: Transaction<Schema>,
  parts: readonly Readmission[],
): Promise<readonly Readmission["kind"][]> {
  const done: Readmission["kind"][] = [];
  for (const part of parts) {
    if (await leaves(transaction, part)) done.push(part.kind);
  }
  return done;
}

async function leaves(transaction: Transaction<Schema>, part: Readmission): Promise<boolean> {
  if (part.kind === "apart") return setReason(transaction, part.place, part.reason);
  const { numDeletedRows } = await transaction
    .deleteFrom("telemetry_quarantine")
    .where((where) => where.and({ ...part.place, reason: REASON }))
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  if (part.kind === "readmitted") await addWindow(transaction, part);
  return true;
}

async function setReason(
  transaction: Transaction<Schema>,
  place: PartPlace,
  reason: string,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("telemetry_quarantine")
    .set({ reason })
    .where((where) => where.and({ ...place, reason: REASON }))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function addWindow(
  transaction: Transaction<Schema>,
  { place, window }: Extract<Readmission, { kind: "readmitted" }>,
): Promise<void> {
  const [mark] = await markCells(transaction, [window]);
  if (mark === undefined) throw new RangeError("expected a mark of a window");
  const { device, era, boot, seq, position } = place;
  await transaction
    .insertInto("telemetry_windows")
    .values({
      ...{ device, era, boot, seq, ...mark },
      // Windows that its batch stored when it came are counted from 0 on, those of its quarantine too.
      position: -1 - position,
      ...{ slot: window.slot, release8: window.releasePrefix, bytes: window.bytes },
      ...{ start_ms: window.startMs, duration_ms: window.durationMs },
    })
    .execute();
}
