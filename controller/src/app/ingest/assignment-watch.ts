import {
  auditLimits,
  type DeviceId,
  isCodedError,
  type Sha256,
  type SlotReport,
} from "@modelfleet/protocol";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeploymentStore } from "../../ports/deployment-store.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import type { RefusalCounts } from "./refusal-counts.ts";

export interface AssignmentWatchPorts {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly deployments: DeploymentStore;
  readonly log: EventLog;
  readonly refusals: RefusalCounts;
}

export const NOT_ASSIGNED = "RELEASE_NOT_ASSIGNED";

/**
 * Notices a device that says it runs what it was never told to (trust.md 8): somebody else gives it orders, or this
 * controller was restored from a backup that is older than the order. Each time is counted; the log and the audit log
 * are told once of each device and release while the controller runs. What the device says is stored all the same.
 */
export class AssignmentWatch {
  readonly #ports: AssignmentWatchPorts;
  readonly #told = new Set<string>();

  constructor(ports: AssignmentWatchPorts) {
    this.#ports = ports;
  }

  async look(
    device: Pick<SenderRecord, "id" | "wanted">,
    stream: "hello" | "report",
    slots: readonly SlotReport[],
  ): Promise<void> {
    const { deployments, refusals } = this.#ports;
    const others = [...releasesOf(slots)].filter((release) => !device.wanted.includes(release));
    if (others.length === 0) return;
    const assigned = await deployments.assignedAmong(device.id, others);
    for (const release of others) {
      if (assigned.has(release)) continue;
      refusals.add(device.id, stream, NOT_ASSIGNED);
      await this.#tell(device.id, release);
    }
  }

  async #tell(device: DeviceId, release: Sha256): Promise<void> {
    const key = `${device} ${release}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= auditLimits.alertsKeptMax) this.#told.clear();
    this.#told.add(key);
    const { audit, clock, log } = this.#ports;
    const event = { event: "device.release-not-assigned", device, release };
    log.warn(event, "a device runs a release it was never told to run");
    try {
      await audit.append({
        atMs: clock.nowMs(),
        actor: `device:${device}`,
        action: "device.release-not-assigned",
        subject: `release:${release}`,
        detail: { device, code: NOT_ASSIGNED },
      });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      // It is written down the next time the device says so.
      this.#told.delete(key);
    }
  }
}

function releasesOf(slots: readonly SlotReport[]): ReadonlySet<Sha256> {
  const references = slots.flatMap(({ active, previous, trial }) => [active, previous, trial]);
  return new Set(references.flatMap((reference) => reference?.release ?? []));
}
