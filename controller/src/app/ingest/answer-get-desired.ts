import { type DeviceId, documentLimits } from "@modelfleet/protocol";
import { areWindowsRunningOut } from "../../domain/fleet/desired-models.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";
import { sender } from "./sender.ts";

/** Half of a document's life: from then on it is signed anew when the device asks. */
const RENEW_AFTER_MS = documentLimits.desiredLifeMsDefault / 2;

/** Sends a device what it should run, as last signed; one past half of its life, or whose windows run out, is signed anew. */
export class AnswerGetDesired {
  readonly #ports: AnswerDesiredPorts;

  constructor(ports: AnswerDesiredPorts) {
    this.#ports = ports;
  }

  /** @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
  async run(id: DeviceId): Promise<void> {
    const { fleet, bus } = this.#ports;
    const device = await sender(fleet, id);
    const { envelope, seq } = device.desired;
    // A device that holds a higher sequence than ours (we were restored from a backup) needs a new one too.
    const isOld = device.reportedSeq > seq || !this.#isFresh(device);
    if (envelope === null || isOld) return answerDesired(this.#ports, id);
    await bus.publishDesired(id, envelope);
  }

  #isFresh({ desired: { issuedAtMs, slots }, slots: reported }: DeviceRecord): boolean {
    if (issuedAtMs === null) return false;
    const { calendar, clock } = this.#ports;
    const nowMs = clock.nowMs();
    if (nowMs - issuedAtMs >= RENEW_AFTER_MS) return false;
    const at = { calendar, signedAtMs: issuedAtMs, nowMs };
    return !areWindowsRunningOut({ slots, reported }, at);
  }
}
