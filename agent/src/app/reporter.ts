import {
  type DeviceId,
  formatTimestamp,
  type ReportItem,
  type ReportMessage,
  type Signer,
  type SlotReport,
  signDeviceMessage,
} from "@modelfleet/protocol";
import { cutDetail } from "../domain/install/cut-detail.ts";
import { fitSlots } from "../domain/install/fit-slots.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox, ReportPlace } from "../ports/outbox.ts";
import type { StateRecord } from "./install/state-record.ts";
import type { TrustWatch } from "./trust-watch.ts";

export interface ReporterParts {
  readonly device: DeviceId;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly record: StateRecord;
  readonly slots: () => SlotReport[];
  readonly watch: Pick<TrustWatch, "condition">;
  /** Something is in the outbox. */
  readonly stored: () => void;
}

/** Without an item, a report says which document the device holds and how its slots stand. */
export type Report = (item?: ReportItem) => Promise<void>;

/** Tells the controller, signed and through the outbox, what became of a release (protocol.md 3). */
export function createReporter(parts: ReporterParts): Report {
  const { log, outbox, signer, stored } = parts;
  return async (item) => {
    if (item !== undefined)
      log.info({ event: `release.${item.step}`, ...item }, `release ${item.step}`);
    await outbox.put((place) =>
      signDeviceMessage(
        signer,
        "report",
        fitSlots(parts.slots(), (slots) => ({ ...reportMessage(parts, place, item), slots })),
      ),
    );
    stored();
  };
}

function reportMessage(
  parts: ReporterParts,
  place: ReportPlace,
  item: ReportItem | undefined,
): Omit<ReportMessage, "slots"> {
  const state = parts.record.current();
  return {
    type: "report",
    spec: 1,
    device: parts.device,
    ...place,
    ...timeOf(parts.clock.nowMs(), state.timeFloorMs),
    desiredSeq: state.seq,
    items: item === undefined ? [] : [withShortDetail(item)],
    dropped: parts.outbox.dropped(),
    ...parts.watch.condition(),
  };
}

function withShortDetail({ detail, ...item }: ReportItem): ReportItem {
  return detail === undefined ? item : { ...item, detail: cutDetail(detail) };
}

/** trust.md 6: never earlier than the newest accepted document. */
export function timeOf(nowMs: number, floorMs: number) {
  const clock = nowMs >= floorMs ? "synced" : "floor";
  return { issuedAt: formatTimestamp(Math.max(nowMs, floorMs)), clock } as const;
}
