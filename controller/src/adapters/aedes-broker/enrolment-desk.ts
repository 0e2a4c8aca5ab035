import { busLimits, claimLimits, type EnrolClientId, enrolTopics } from "@modelfleet/protocol";
import type { Client } from "aedes";
import { networkOf } from "../../domain/network-of.ts";
import { RateLimiter } from "../../domain/rate-limiter.ts";
import type { DeviceDoor } from "../../ports/device-door.ts";
import { PendingConnections } from "./pending-connections.ts";

export interface EnrolmentDeskOptions {
  readonly connectionMsMax: number;
  readonly nowMs: () => number;
  readonly enrol: DeviceDoor["enrol"];
  readonly publish: (topic: string, payload: Buffer) => Promise<void>;
}

interface Guest {
  readonly client: Client;
  readonly timer: NodeJS.Timeout;
  hasAsked: boolean;
}

const rule = {
  perSecond: claimLimits.enrolsPerSecondPerAddressMax,
  burst: claimLimits.enrolBurstPerAddressMax,
  rememberedMax: claimLimits.enrolAddressesMax,
};

/**
 * Connections of devices that have no credential yet (protocol.md 2.8).
 *
 * 1. Few at a time from one address, and as few in a second as may ask by HTTP.
 * 2. Each asks once, and is closed after a while whatever it did.
 */
export class EnrolmentDesk {
  readonly #options: EnrolmentDeskOptions;
  readonly #places = new PendingConnections(busLimits.enrolConnectionsPerAddressMax);
  readonly #rate: RateLimiter;
  readonly #guests = new Map<EnrolClientId, Guest>();

  constructor(options: EnrolmentDeskOptions) {
    this.#options = options;
    this.#rate = new RateLimiter(rule, options.nowMs);
  }

  /** @returns why it may not come in; undefined when it has a place, until its connection closes */
  welcome(id: EnrolClientId, client: Client, address: string): string | undefined {
    if (this.#guests.has(id)) return "CLIENT_ID_TAKEN";
    const network = networkOf(address);
    if (this.#rate.take(network) > 0) return "ENROLMENTS_TOO_MANY";
    const giveBack = this.#places.take(network);
    if (giveBack === undefined) return "ENROLMENTS_TOO_MANY";
    const timer = setTimeout(() => client.close(), this.#options.connectionMsMax);
    this.#guests.set(id, { client, timer, hasAsked: false });
    client.conn.once("close", () => {
      clearTimeout(timer);
      this.#guests.delete(id);
      giveBack();
    });
    return undefined;
  }

  /** Rule 2: takes the one right to ask. */
  takeQuestion(id: EnrolClientId): boolean {
    const guest = this.#guests.get(id);
    if (guest === undefined || guest.hasAsked) return false;
    guest.hasAsked = true;
    return true;
  }

  async answer(id: EnrolClientId, question: Uint8Array): Promise<void> {
    const answer = await this.#options.enrol(question);
    await this.#options.publish(enrolTopics(id).answer, Buffer.from(answer));
  }
}
