import { type DeviceId, documentLimits } from "@modelfleet/protocol";
import { areWindowsOver } from "../../domain/fleet/desired-models.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";
import { sender } from "./sender.ts";

/** Half of a document's life: from then on it is signed anew when the device asks. */
const RENEW_AFTER_MS = documentLimits.desiredLifeMsDefault / 2;

/** Sends a device what it should run, as last signed; one past half of its life, or whose windows are over, is signed anew. */
export class AnswerGetDesired {
  readonly #ports: AnswerDesiredPorts;

  constructor(ports: AnswerDesiredPorts) {
    this.#ports = ports;
  }

  /** @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
  async run(id: DeviceId): Promise<void> {
    const { fleet, bus } = this.#ports;
    const { desired, reportedSeq } = await sender(fleet, id);
    const { envelope, seq } = desired;
    // A device that holds a higher sequence than ours (we were restored from a backup) needs a new one too.
    const isOld = reportedSeq > seq || !this.#isFresh(desired);
    if (envelope === null || isOld) return answerDesired(this.#ports, id);
    await bus.publishDesired(id, envelope);
  }

  #isFresh({ issuedAtMs, slots }: DeviceRecord["desired"]): boolean {
    if (issuedAtMs === null) return false;
    const { calendar, clock } = this.#ports;
    const nowMs = clock.nowMs();
    if (nowMs - issuedAtMs >= RENEW_AFTER_MS) return false;
    return !areWindowsOver(slots, { calendar, signedAtMs: issuedAtMs, nowMs });
  }
}
