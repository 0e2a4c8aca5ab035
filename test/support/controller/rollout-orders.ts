/** Orders and words of devices, as the engine and the ingest bring them to the store of rollouts. */

import type { DeviceId, ReportItem, Sha256, SlotReport } from "@modelfleet/protocol";
import { ModelName, mainSlot, ReleaseVersion } from "@modelfleet/protocol";
import { changeExecution } from "../../../controller/src/app/rollout/engine/change-execution.ts";
import type { ExecutionEvent } from "../../../controller/src/domain/rollout/execution.ts";
import type { RolloutRecord } from "../../../controller/src/domain/rollout/rollout.ts";
import type { DesiredEntry } from "../../../controller/src/ports/fleet-store.ts";
import type { StoredChange } from "../../../controller/src/ports/rollout-store.ts";
import { auditEntry } from "./audit-entry.ts";
import type { RolloutTables } from "./rollout-tables.ts";

type Moment = { readonly rollout: RolloutRecord; readonly nowMs: number };

/** An order to run the rollout's release. */
export async function offerOf(
  tables: RolloutTables,
  device: DeviceId,
  { rollout, nowMs }: Moment,
): Promise<StoredChange> {
  const known = await tables.fleet.device(device);
  const storedSeq = known?.desired.seq ?? 0;
  const before = known?.desired.slots.find(({ slot }) => slot === rollout.plan.slot) ?? null;
  const assignment = {
    ...replacement(storedSeq),
    entry: wish(rollout.release, rollout.id),
  };
  const event = { kind: "offer", seq: storedSeq + 1 } as const;
  const previous = before?.deployment === rollout.id ? {} : { previous: before };
  return changeOf(tables, { device, event }, { rollout, nowMs, assignment, ...previous });
}

/** An order to go back to what the slot ran before. */
export async function revertOf(
  tables: RolloutTables,
  device: DeviceId,
  { rollout, nowMs }: Moment,
): Promise<StoredChange> {
  const stored = await tables.rollouts.execution(rollout.id, device);
  const storedSeq = (await tables.fleet.device(device))?.desired.seq ?? 0;
  const assignment = { ...replacement(storedSeq), entry: stored?.previous ?? null };
  const event = { kind: "revert", seq: storedSeq + 1 } as const;
  return changeOf(tables, { device, event }, { rollout, nowMs, assignment });
}

/** What an event makes of the execution that is stored. */
export async function changeOf(
  { rollouts }: RolloutTables,
  { device, event }: { readonly device: DeviceId; readonly event: ExecutionEvent },
  moment: Parameters<typeof changeExecution>[2],
): Promise<StoredChange> {
  const stored = await rollouts.execution(moment.rollout.id, device);
  const change = stored && changeExecution(stored, event, moment);
  if (change === undefined) throw new Error(`${event.kind} changes nothing of ${device}`);
  return change;
}

/** A deployment by hand. */
export async function deployByHand(
  tables: RolloutTables,
  device: DeviceId,
  { id, release, atMs }: { readonly id: string; readonly release: Sha256; readonly atMs: number },
): Promise<boolean> {
  const storedSeq = (await tables.fleet.device(device))?.desired.seq ?? 0;
  const { model, version } = named;
  return tables.deployments.add(
    {
      ...{ id, release, model, version, slot: mainSlot, target: { device }, createdAtMs: atMs },
      ...{ approval: { state: "not-needed" }, requester: null, ineligible: [] },
    },
    [{ ...replacement(storedSeq), device, entry: wish(release, id) }],
    { ...auditEntry(), atMs, actor: "key:ann" },
  );
}

const named = {
  model: ModelName.parse("vision.defects"),
  version: ReleaseVersion.parse("1.0.0"),
};

export function wish(release: Sha256, deployment: string): DesiredEntry {
  return { ...named, slot: mainSlot, release, envelopeSize: 99, deployment };
}

function replacement(storedSeq: number) {
  const envelope = new Uint8Array(Buffer.from(`signed ${storedSeq + 1}`));
  return { expectedSeq: storedSeq, seq: storedSeq + 1, envelope, issuedAtMs: 9 };
}

/** What a device says of the slot `main`. */
export function slotOf(active: Sha256 | null, changes: Partial<SlotReport> = {}): SlotReport {
  const reference = active && { ...named, release: active };
  return {
    slot: mainSlot,
    active: reference,
    previous: null,
    trial: null,
    refused: [],
    ...changes,
  };
}

export function stepOf(
  release: Sha256,
  step: ReportItem["step"],
  changes: Partial<ReportItem> = {},
): ReportItem {
  return { ...named, slot: mainSlot, release, step, ...changes };
}
