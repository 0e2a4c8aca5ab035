import type { PlainClient, PlainClientOptions } from "../mqtt/plain-client.ts";

/** A broker that is asked for topic rights; embedded or a real one elsewhere, with the same people in it. */
export interface BrokerUnderTest extends AsyncDisposable {
  /** @returns undefined when it is not let in */
  readonly connect: (login: Login) => Promise<PlainClient | undefined>;
  /** What the controller says: to a device, or in answer to one that enrols and has asked. */
  readonly sayDesired: (device: string) => Promise<void>;
  readonly sayAck: (device: string) => Promise<void>;
  readonly sayAnswer: (enroller: string) => Promise<void>;
  /** Everything that has reached the controller, when nothing is on its way any more. */
  readonly heard: () => Promise<readonly Heard[]>;
  /** What a controller that comes anew finds, and what the protocol lets it take. */
  readonly foundAnew: () => Promise<readonly Heard[]>;
}

export interface Heard {
  readonly topic: string;
  readonly text: string;
}

export interface Login extends Pick<PlainClientOptions, "clientId" | "will"> {
  /** What a credential is for; a broker can check it. */
  readonly name: string;
  readonly credential: "right" | "none" | "forged";
  readonly enrols: boolean;
}
