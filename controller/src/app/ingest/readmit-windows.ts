import {
  controllerLimits,
  type Digest8,
  decodeWindow,
  driftPipelineLimits,
  telemetryLimits,
} from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import { StoreError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { QuarantinedPart, Readmission, TelemetryStore } from "../../ports/telemetry-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import { storedWindow, windowRefusal } from "./sort-batch.ts";

export interface ReadmitWindowsPorts {
  readonly audit: AuditLog;
  readonly breathe: () => Promise<void>;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly profiles: ReleaseProfiles;
  readonly refusals: RefusalCounts;
  readonly telemetry: TelemetryStore;
  /** Length of a cell; `windowMsDefault` when left out. */
  readonly driftWindowMs?: number;
}

/**
 * Takes windows back that were put into quarantine because nobody had published their release, when somebody has. Rules:
 *
 * 1. It looks when a release is published, and now and then: one may have been on its way while its release came.
 * 2. A window is held against its release as if it had come then, at the time it came at. One of another profile stays in
 *    quarantine, for that reason; one that is refused is counted and gone.
 * 3. What is taken back is late, whenever it came: it is added to its cell, changes the record, and pages nobody.
 * 4. A page at a time; a window leaves quarantine and arrives in its cell in one commit, so once, however often it is
 *    tried. After a crash the rest is still there.
 */
export class ReadmitWindows implements AsyncDisposable {
  readonly #ports: ReadmitWindowsPorts;
  #timer: Disposable | undefined;
  #isClosed = false;
  #underWay: Promise<void> = Promise.resolve();

  constructor(ports: ReadmitWindowsPorts) {
    this.#ports = ports;
  }

  start(): void {
    const { clock } = this.#ports;
    this.#timer ??= clock.every(controllerLimits.readmitEveryMs, () => this.run());
  }

  /** Rule 1, after what is under way. */
  run(): Promise<void> {
    this.#underWay = this.#underWay.then(
      () => this.#all(),
      () => this.#all(),
    );
    return this.#underWay;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#underWay.catch(() => undefined);
  }

  async #all(): Promise<void> {
    const { log, profiles, telemetry } = this.#ports;
    try {
      for (const prefix of await telemetry.releasesToReadmit(controllerLimits.readmitReleasesMax)) {
        if (this.#isClosed) return;
        const release = await profiles.find(prefix);
        if (release !== undefined) await this.#readmit(prefix, release);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const event = { event: "telemetry.not-readmitted", code: error.code, reason: error.message };
      log.warn(event, "tried again in a while");
    }
  }

  async #readmit(prefix: Digest8, release: ProfiledRelease): Promise<void> {
    const { audit, breathe, clock, log, telemetry } = this.#ports;
    const counts = { readmitted: 0, apart: 0, refused: 0 };
    while (!this.#isClosed) {
      const page = await telemetry.quarantined(prefix, driftPipelineLimits.windowsPerPageMax);
      if (page.length === 0) break;
      for (const kind of await telemetry.readmit(page.map((part) => this.#judged(part, release)))) {
        counts[kind] += 1;
      }
      await breathe();
    }
    if (counts.readmitted + counts.apart + counts.refused === 0) return;
    const { model, version } = release.record.document;
    await audit.append({
      ...{ atMs: clock.nowMs(), actor: systemPrincipal.id, action: "telemetry.readmitted" },
      ...{ subject: `release:${release.record.release}`, detail: { model, version, ...counts } },
    });
    log.info({ event: "telemetry.readmitted", model, version, ...counts }, "out of quarantine");
  }

  /** Rules 2 and 3. */
  #judged(part: QuarantinedPart, release: ProfiledRelease): Readmission {
    const { driftWindowMs: cellMs = telemetryLimits.windowMsDefault, refusals } = this.#ports;
    const { place, receivedAtMs } = part;
    const window = decodeWindow(part.bytes);
    const refusal = windowRefusal(window, release, receivedAtMs);
    if (refusal?.kind === "PROFILE") return { kind: "apart", place, reason: "PROFILE" };
    if (refusal !== undefined) {
      refusals.count(place.device, "tele", refusal);
      return { kind: "refused", place };
    }
    const { cell, ...stored } = storedWindow(window, { cellMs, receivedAtMs });
    return { kind: "readmitted", place, window: { ...stored, cell: { ...cell, isOnTime: false } } };
  }
}
