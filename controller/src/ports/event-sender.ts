import type { EventId } from "@modelfleet/protocol";
import type { SendOutcome } from "../domain/events/judge-attempt.ts";

/** Brings an event to an address outside. */
export interface EventSender {
  /** Never rejects for what the other side does; once `signal` is aborted the answer means nothing. */
  readonly send: (message: SignedMessage, signal: AbortSignal) => Promise<SendOutcome>;
  /** Why this address is never written to, as far as it can be told from its text; undefined: nothing speaks against it. */
  readonly refusal: (url: string) => string | undefined;
}

export interface SignedMessage {
  readonly url: string;
  /** `whsec_…`: what the body is signed with. */
  readonly secret: string;
  readonly id: EventId;
  readonly body: string;
  readonly sentAtMs: number;
}
