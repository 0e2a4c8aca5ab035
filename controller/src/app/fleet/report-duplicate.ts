import { type DeviceId, isCodedError } from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";

export interface ReportDuplicatePorts {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** Writes down that two clients have the identity of one device: a copied data folder, or a stolen one. */
export class ReportDuplicate {
  readonly #ports: ReportDuplicatePorts;

  constructor(ports: ReportDuplicatePorts) {
    this.#ports = ports;
  }

  async run(device: DeviceId): Promise<void> {
    const { audit, clock, log } = this.#ports;
    const [atMs, actor] = [clock.nowMs(), systemPrincipal.id];
    const subject = `device:${device}`;
    try {
      await audit.append({ atMs, actor, action: "device.duplicate", subject, detail: {} });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const event = { event: "audit.not-written", action: "device.duplicate", code: error.code };
      log.error({ ...event, device }, "a duplicate device was not written down");
    }
  }
}
