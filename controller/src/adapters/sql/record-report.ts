import {
  controllerLimits,
  type DeviceId,
  type ReportItem,
  type ReportStep,
  type SlotReport,
} from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ReportOutcome, ReportRecord } from "../../ports/fleet-store.ts";
import { oneRow, Prepared } from "./prepared.ts";
import { hearDevice } from "./rollout/hear-device.ts";
import type { Schema } from "./schema.ts";

/**
 * Rules:
 *
 * 1. A report is applied only when it is newer than the newest applied one (protocol.md 3).
 * 2. protocol.md 4.8: one that waited in the device's outbox while a later hello told more does not take its slots
 *    back. Neither the boot of a device nor the sequence it holds ever falls, but in a new era; and a hello says how many
 *    reports of its boot are older than it.
 * 3. protocol.md 4.8: what it says of a release belongs to the newest deployment of this release in this slot whose
 *    document the device held then. A refusal may be of a document it did not accept: it belongs to the newest of all.
 * 4. What it means for rollouts is stored with it.
 */
export async function recordReport(
  transaction: Transaction<Schema>,
  device: DeviceId,
  report: ReportRecord,
): Promise<ReportOutcome> {
  const { boot, seq, atMs, items, dropped, reportedSeq } = report;
  const said = { boot, seq, atMs, dropped, reportedSeq, slots: JSON.stringify(report.slots) };
  const taken = await takeReport.first(transaction, { device, ...said });
  if (taken === undefined) return { kind: "duplicate" };
  await addItems(transaction, device, report);
  for (const item of newestOfEach(items)) {
    await noteItem(transaction, { device, item, heldSeq: reportedSeq });
  }
  const slots = taken.slots === said.slots ? report.slots : slotsOf(taken.slots);
  const rollouts = await hearDevice(transaction, { device, reportedSeq, items, slots, atMs });
  return { kind: "stored", rollouts };
}

export function slotsOf(text: string): readonly SlotReport[] {
  return JSON.parse(text) as SlotReport[];
}

type Said = Readonly<{
  device: string;
  boot: number;
  seq: number;
  atMs: number;
  dropped: number;
  reportedSeq: number;
  slots: string;
}>;

/** Rules 1 and 2, in one change of the row. @returns the slots that are the newest known */
const takeReport = new Prepared<Said, { readonly slots: string }>((database, value) =>
  database
    .updateTable("devices")
    .set((column) => {
      const isNewest = column.and([
        column("reported_seq", "<=", value("reportedSeq")),
        column.or([
          column("boot", "is", null),
          column("boot", "<", value("boot")),
          column.and([
            column("boot", "=", value("boot")),
            column("hello_reports", "<=", value("seq")),
          ]),
        ]),
      ]);
      return {
        report_boot: value("boot"),
        report_seq: value("seq"),
        last_seen_at_ms: value("atMs"),
        dropped: value("dropped"),
        reported_seq: column
          .case()
          .when(isNewest)
          .then(value("reportedSeq"))
          .else(column.ref("reported_seq"))
          .end(),
        slots: column.case().when(isNewest).then(value("slots")).else(column.ref("slots")).end(),
      };
    })
    .where("id", "=", value("device"))
    .where((where) =>
      where.or([
        where("report_boot", "<", value("boot")),
        where.and([
          where("report_boot", "=", value("boot")),
          where("report_seq", "<", value("seq")),
        ]),
      ]),
    )
    .returning("slots"),
);

async function addItems(
  transaction: Transaction<Schema>,
  device: DeviceId,
  { items, atMs }: ReportRecord,
): Promise<void> {
  if (items.length === 0) return;
  const newest = await newestPlace.first(transaction, { device });
  const first = (newest?.place ?? -1) + 1;
  for (const [i, item] of items.entries()) {
    const row = { device, place: first + i, at_ms: atMs, item: JSON.stringify(item) };
    await addItem.run(transaction, row);
  }
  const before = first + items.length - controllerLimits.reportItemsPerDeviceMax;
  if (before > 0) await forgetItems.run(transaction, { device, before });
}

const newestPlace = new Prepared<{ readonly device: string }, { readonly place: number | null }>(
  (database, value) =>
    database
      .selectFrom("report_items")
      .select((column) => column.fn.max<number | null>("place").as("place"))
      .where("device", "=", value("device")),
);

const addItem = new Prepared<
  Readonly<{ device: string; place: number; at_ms: number; item: string }>
>((database, value) =>
  database.insertInto("report_items").values({
    device: value("device"),
    place: value("place"),
    at_ms: value("at_ms"),
    item: value("item"),
  }),
);

const forgetItems = new Prepared<{ readonly device: string; readonly before: number }>(
  (database, value) =>
    database
      .deleteFrom("report_items")
      .where("device", "=", value("device"))
      .where("place", "<", value("before")),
);

interface Told {
  readonly device: DeviceId;
  readonly item: ReportItem;
  /** Sequence of the document the device held when it wrote this. */
  readonly heldSeq: number;
}

/**
 * Of what is said of one release in one slot only the last stays in its deployment. A refusal may belong to another
 * deployment than a step, so that it stands for itself.
 */
function newestOfEach(items: readonly ReportItem[]): Iterable<ReportItem> {
  const newest = new Map<string, ReportItem>();
  for (const item of items) {
    const key = `${item.slot} ${item.release} ${item.step === "refused"}`;
    // Taken out first, so that it stands behind whatever came before it.
    newest.delete(key);
    newest.set(key, item);
  }
  return newest.values();
}

/** Rule 3. */
async function noteItem(
  transaction: Transaction<Schema>,
  { device, item, heldSeq }: Told,
): Promise<void> {
  const { slot, release, step, code = null, detail = null } = item;
  const seqMax = step === "refused" ? Number.MAX_SAFE_INTEGER : heldSeq;
  const newest = await newestOrder.first(transaction, { device, slot, release, seqMax });
  if (newest === undefined) return;
  const { deployment } = newest;
  await noteStep.run(transaction, { device, deployment, step, code, detail });
}

const newestOrder = new Prepared<
  Readonly<{ device: string; slot: string; release: string; seqMax: number }>,
  { readonly deployment: string }
>((database, value) =>
  database
    .selectFrom("executions")
    .select("deployment")
    .where("device", "=", value("device"))
    .where("slot", "=", value("slot"))
    .where("release", "=", value("release"))
    .where("seq", "<=", value("seqMax"))
    .orderBy("seq", "desc")
    .limit(oneRow),
);

const noteStep = new Prepared<
  Readonly<{
    device: string;
    deployment: string;
    step: ReportStep;
    code: string | null;
    detail: string | null;
  }>
>((database, value) =>
  database
    .updateTable("executions")
    .set({ step: value("step"), code: value("code"), detail: value("detail") })
    .where("device", "=", value("device"))
    .where("deployment", "=", value("deployment")),
);
