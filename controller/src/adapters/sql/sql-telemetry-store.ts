import type { DeviceId, Digest8 } from "@modelfleet/protocol";
import { type Kysely, sql } from "kysely";
import type {
  QuarantineCount,
  QuarantineReason,
  Readmission,
  ReadWindow,
  TelemetryBatchRecord,
  TelemetryGap,
  TelemetryStore,
  WindowPlace,
  WindowQuery,
} from "../../ports/telemetry-store.ts";
import { bytesOf } from "./column.ts";
import { addBatch, batchKey } from "./drift/add-batch.ts";
import { quarantinedParts, readmitParts, releasesToReadmit } from "./drift/readmit-parts.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Schema } from "./schema.ts";

/** They refer to their batch. */
const partsOfBatches = ["telemetry_windows", "telemetry_labels", "telemetry_quarantine"] as const;

export class SqlTelemetryStore implements TelemetryStore {
  readonly #database: Kysely<Schema>;
  readonly #commits: GroupCommit;

  constructor(database: Kysely<Schema>, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  readonly add = (batch: TelemetryBatchRecord): Promise<"stored" | "duplicate"> =>
    this.#commits.run((transaction) => addBatch(transaction, batch));

  readonly windows = async (
    query: WindowQuery,
    count: number,
    before: WindowPlace | null,
  ): Promise<readonly ReadWindow[]> => {
    const { releasePrefix, device, sinceMs, untilMs } = query;
    let found = this.#database
      .selectFrom("telemetry_windows")
      .selectAll()
      .where("release8", "=", releasePrefix);
    if (device !== undefined) found = found.where("device", "=", device);
    if (sinceMs !== undefined) found = found.where("start_ms", ">=", sinceMs);
    if (untilMs !== undefined) found = found.where("start_ms", "<", untilMs);
    if (before !== null) {
      const { startMs, device: of, era, boot, seq, position } = before;
      // The index has the first two: what it must go through again are the windows of one device from one start.
      found = found.where(
        sql<boolean>`(start_ms, device, era, boot, seq, position) < (${startMs}, ${of}, ${era}, ${boot}, ${seq}, ${position})`,
      );
    }
    let ordered = found.orderBy("start_ms", "desc");
    for (const column of [...batchKey, "position"] as const) {
      ordered = ordered.orderBy(column, "desc");
    }
    const rows = await ordered.limit(count).execute();
    return rows.map((row) => ({
      device: row.device as DeviceId,
      slot: row.slot,
      releasePrefix: row.release8 as Digest8,
      startMs: row.start_ms,
      durationMs: row.duration_ms,
      bytes: bytesOf(row.bytes),
      place: {
        ...{ startMs: row.start_ms, device: row.device as DeviceId },
        ...{ era: row.era, boot: row.boot, seq: row.seq, position: row.position },
      },
    }));
  };

  readonly forget = (receivedBeforeMs: number, batchesMax: number): Promise<number> =>
    this.#commits.run(async (transaction) => {
      const old = transaction
        .selectFrom("telemetry_batches")
        .select(batchKey)
        .where("received_at_ms", "<", receivedBeforeMs)
        .orderBy("received_at_ms")
        .orderBy("device")
        .orderBy("era")
        .orderBy("boot")
        .orderBy("seq")
        .limit(batchesMax);
      for (const table of partsOfBatches) {
        await transaction
          .deleteFrom(table)
          .where((where) => where.eb(where.refTuple(...batchKey), "in", old.$asTuple(...batchKey)))
          .execute();
      }
      const { numDeletedRows } = await transaction
        .deleteFrom("telemetry_batches")
        .where((where) => where.eb(where.refTuple(...batchKey), "in", old.$asTuple(...batchKey)))
        .executeTakeFirst();
      await transaction
        .deleteFrom("telemetry_boots")
        .where("last_at_ms", "<", receivedBeforeMs)
        .execute();
      return Number(numDeletedRows);
    });

  readonly gaps = async (devicesMax: number): Promise<readonly TelemetryGap[]> => {
    // In floating point: a device may claim numbers that no integer column could add up.
    const missing = sql<number>`sum(1.0 * (seq_max + 1 - received))`;
    const rows = await this.#database
      .selectFrom("telemetry_boots")
      .select(["device", missing.as("missing")])
      .groupBy("device")
      .having(missing, ">", 0)
      .orderBy("missing", "desc")
      .orderBy("device")
      .limit(devicesMax)
      .execute();
    return rows.map((row) => ({
      device: row.device as DeviceId,
      missing: Math.min(Math.round(row.missing), Number.MAX_SAFE_INTEGER),
    }));
  };

  readonly quarantine = async (kindsMax: number): Promise<readonly QuarantineCount[]> => {
    const rows = await this.#database
      .selectFrom("telemetry_quarantine")
      .select(({ fn }) => [
        "reason",
        "release8",
        "profile8",
        fn.countAll<number>().as("windows"),
        fn.count<number>("device").distinct().as("devices"),
        fn.min<number>("received_at_ms").as("first_at_ms"),
        fn.max<number>("received_at_ms").as("last_at_ms"),
      ])
      .groupBy(["reason", "release8", "profile8"])
      .orderBy("last_at_ms", "desc")
      .limit(kindsMax)
      .execute();
    return rows.map((row) => ({
      reason: row.reason as QuarantineReason,
      releasePrefix: row.release8 as Digest8,
      profilePrefix: row.profile8 as Digest8 | null,
      windows: row.windows,
      devices: row.devices,
      firstAtMs: row.first_at_ms,
      lastAtMs: row.last_at_ms,
    }));
  };

  readonly releasesToReadmit = (countMax: number) => releasesToReadmit(this.#database, countMax);

  readonly quarantined = (releasePrefix: Digest8, count: number) =>
    quarantinedParts(this.#database, releasePrefix, count);

  readonly readmit = (parts: readonly Readmission[]): Promise<readonly Readmission["kind"][]> =>
    this.#commits.run((transaction) => readmitParts(transaction, parts));

  readonly releasePrefixes = async (): Promise<readonly Digest8[]> => {
    const found = this.#database.selectFrom("telemetry_windows").select("release8").distinct();
    return (await found.execute()).map(({ release8 }) => release8 as Digest8);
  };
}
