import { type DeviceId, type EnrolClientId, isCodedError } from "@modelfleet/protocol";
import type { AedesOptions, Client, ConnectPacket } from "aedes";
import type { Credentials } from "./credentials.ts";
import { type ConnectVerdict, connackCodes, judgeConnect } from "./topic-rights.ts";

export interface LoginDeskOptions {
  readonly credentials: Credentials;
  /** @returns why one that enrols may not come in now */
  readonly welcome: (id: EnrolClientId, client: Client) => string | undefined;
  /** @returns why a device with the right secret may not come in now */
  readonly admit: (device: DeviceId) => string | undefined;
  readonly onRefused: (device: string | undefined, reason: string) => void;
}

type Refusal = Parameters<Parameters<NonNullable<AedesOptions["authenticate"]>>[3]>[0];

/** Decides who may connect: first by the names in the CONNECT, then by the secret or the certificate. */
export class LoginDesk {
  readonly #options: LoginDeskOptions;
  readonly #verdicts = new WeakMap<Client, ConnectVerdict>();

  constructor(options: LoginDeskOptions) {
    this.#options = options;
  }

  /** Judged here, answered in `login`: only there can the client be told why. */
  readNames(client: Client, packet: ConnectPacket): void {
    this.#verdicts.set(client, judgeConnect(packet));
    // protocol.md 2.1: sessions are clean, so nothing is ever queued for a device that is away.
    packet.clean = true;
  }

  /** @returns null when the client may come in */
  login(client: Client, password: Readonly<Buffer> | undefined): Promise<Refusal> {
    const verdict = this.#verdicts.get(client);
    if (verdict === undefined) throw new RangeError("a login follows a CONNECT");
    switch (verdict.kind) {
      case "refused":
        return Promise.resolve(this.#refuse(client, verdict.returnCode, verdict.reason));
      case "enrolling":
        return Promise.resolve(this.#unless(client, this.#options.welcome(verdict.client, client)));
      case "device":
        return this.#loginDevice(client, verdict.device, password?.toString("utf8") ?? "");
    }
  }

  async #loginDevice(client: Client, device: DeviceId, secret: string): Promise<Refusal> {
    try {
      const refusal = await this.#options.credentials(device, secret, client);
      if (refusal !== undefined) return this.#refuse(client, connackCodes.badLogin, refusal);
      return this.#unless(client, this.#options.admit(device));
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return this.#refuse(client, connackCodes.unavailable, error.code);
    }
  }

  #unless(client: Client, reason: string | undefined): Refusal {
    return reason === undefined ? null : this.#refuse(client, connackCodes.unavailable, reason);
  }

  #refuse(client: Client, returnCode: number, reason: string): Refusal {
    // A client id that breaks the rule is not repeated: it may hold anything.
    this.#options.onRefused(reason === "CLIENT_ID" ? undefined : client.id, reason);
    return Object.assign(new Error(reason), { returnCode });
  }
}
