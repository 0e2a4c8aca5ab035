import { type DeviceId, documentLimits } from "@modelfleet/protocol";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";
import { sender } from "./sender.ts";

/** Half of a document's life: from then on it is signed anew when the device asks. */
const RENEW_AFTER_MS = documentLimits.desiredLifeMsDefault / 2;

/** Sends a device what it should run, as last signed; a document past half of its life is signed anew. */
export class AnswerGetDesired {
  readonly #ports: AnswerDesiredPorts;

  constructor(ports: AnswerDesiredPorts) {
    this.#ports = ports;
  }

  /** @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
  async run(id: DeviceId): Promise<void> {
    const { fleet, bus, clock } = this.#ports;
    const { desired, reportedSeq } = await sender(fleet, id);
    const { envelope, issuedAtMs, seq } = desired;
    const isFresh = issuedAtMs !== null && clock.nowMs() - issuedAtMs < RENEW_AFTER_MS;
    // A device that holds a higher sequence than ours (we were restored from a backup) needs a new one too.
    if (envelope === null || !isFresh || reportedSeq > seq) return answerDesired(this.#ports, id);
    await bus.publishDesired(id, envelope);
  }
}
