import {
  type DeviceId,
  type HelloMessage,
  openDevicePayloadInPool,
  parseDeviceMessage,
} from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import { placeHello } from "../../domain/fleet/hello-order.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";
import type { AckSender } from "./ack-sender.ts";
import type { AssignmentWatch } from "./assignment-watch.ts";
import type { DeviceOrder } from "./device-order.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import type { RefusalCounts } from "./refusal-counts.ts";
import { refuseMessage } from "./refuse-message.ts";
import { checkOwner, sender } from "./sender.ts";

export interface AnswerHelloPorts extends AnswerDesiredPorts {
  readonly acks: AckSender;
  readonly order: DeviceOrder;
  readonly refusals: RefusalCounts;
  /** Something of this rollout has changed. */
  readonly wake: (rollout: string) => void;
  readonly watch: AssignmentWatch;
}

/**
 * A device's snapshot of itself replaces what was known, and is answered by a document that carries its nonce.
 *
 * A stale one is counted and replaces nothing, but is answered all the same: the answer serves only the device whose
 * nonce it carries, and a device without a clock that lost its state learns the time from it. Its next hello is newer.
 */
export class AnswerHello {
  readonly #ports: AnswerHelloPorts;

  constructor(ports: AnswerHelloPorts) {
    this.#ports = ports;
  }

  run(device: DeviceId, payload: Uint8Array): Promise<IngestOutcome> {
    return refuseMessage(this.#ports.refusals, { device, stream: "hello" }, () =>
      this.#ports.order.run(device, () => this.#take(device, payload)),
    );
  }

  async #take(id: DeviceId, payload: Uint8Array): Promise<IngestOutcome> {
    const device = await sender(this.#ports.fleet, id);
    const signed = await openDevicePayloadInPool(payload, "hello", device.publicKey);
    const hello = parseDeviceMessage("hello", signed);
    checkOwner(hello, id);
    checkCounter(hello.desiredSeq);
    // A stale one too: its device sends everything again.
    this.#ports.acks.restarted(id, hello.owed);
    const outcome = await this.#learn(device, hello);
    await answerDesired(this.#ports, id, hello.nonce);
    return outcome;
  }

  async #learn(device: DeviceRecord, hello: HelloMessage): Promise<IngestOutcome> {
    const { boot, desiredSeq } = hello;
    const issuedAtMs = Date.parse(hello.issuedAt);
    const place = placeHello(device, { boot, desiredSeq, issuedAtMs });
    if (place === "stale") {
      const reason = `expected a hello newer than the last, got one of boot ${boot}`;
      this.#ports.refusals.count(device.id, "hello", { code: "STALE", reason });
      return { kind: "refused", code: "STALE" };
    }
    const { agentVersion, facts, slots } = hello;
    const rollouts = await this.#ports.fleet.recordHello(device.id, {
      boot,
      era: place === "new-era" ? device.era + 1 : device.era,
      issuedAtMs,
      atMs: this.#ports.clock.nowMs(),
      agentVersion,
      facts,
      slots,
      reportedSeq: desiredSeq,
      reports: hello.reports ?? null,
    });
    for (const rollout of rollouts) this.#ports.wake(rollout);
    const wanted = device.desired.slots.map(({ release }) => release);
    await this.#ports.watch.look({ id: device.id, wanted }, "hello", slots);
    return { kind: "stored" };
  }
}

/** A sequence at the end of its range could never be answered by a higher one. */
function checkCounter(seq: number): void {
  if (seq <= Number.MAX_SAFE_INTEGER / 2) return;
  throw new MessageRefused("FORMAT", `expected a desired sequence that can still grow, got ${seq}`);
}
