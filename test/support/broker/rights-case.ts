/**
 * One question to a broker about topic rights, and its answer by effect: whether a message gets through. How the broker
 * says no (a return code, a closed connection, silence) is its own way.
 *
 * In topics `{self}` is the client's own id, `{B}` another device, `{E}` another client that enrols; each case has its own.
 */
export interface RightsCase {
  readonly name: string;
  readonly who: Who;
  readonly does: Deed;
  readonly verdict: "through" | "nothing";
}

/** Who connects, and as whom: an identity is what the broker can check, a client id only what the client says. */
export type Who =
  | { readonly kind: "device" }
  | { readonly kind: "enroller" }
  /** Like one that enrols, with this client id. */
  | { readonly kind: "enroller-called"; readonly clientId: string }
  /** Without any credential, under the name of a device. */
  | { readonly kind: "nobody" }
  /** With a credential of somebody else's making. */
  | { readonly kind: "forger" }
  /** A device that says another client id than its own. */
  | { readonly kind: "device-called"; readonly clientId: string }
  /** A credential of the right making for a name that is no device id; client id likewise. */
  | { readonly kind: "misnamed"; readonly name: string };

export type Deed =
  | {
      readonly do: "publish";
      readonly topic: string;
      readonly qos: 0 | 1;
      readonly retain: boolean;
    }
  /** And then somebody who may speak there says something on a topic. */
  | { readonly do: "subscribe"; readonly filter: string; readonly hears: Saying }
  /** And then its connection breaks. */
  | { readonly do: "will"; readonly topic: string; readonly retain: boolean }
  /** And then whoever may read there comes anew. */
  | { readonly do: "retain"; readonly topic: string }
  /** The place of {B}, who is connected. */
  | { readonly do: "take-over" };

/** What is said while a subscriber listens; each by who may say it. */
export type Saying =
  | "own-desired"
  | "own-ack"
  | "desired-of-B"
  | "ack-of-B"
  | "hello-of-B"
  | "controller-state"
  | "own-answer"
  | "answer-of-E"
  | "question-of-E"
  | "broker-statistics";
