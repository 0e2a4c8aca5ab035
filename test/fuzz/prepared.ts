import type { PayloadType, Verifier } from "@modelfleet/protocol";
import type { Random } from "../support/random.ts";
import type { Roster } from "./ledger.ts";
import type { World } from "./make-world.ts";

/** A document about to be signed, with all that decides whether it must be accepted. */
export interface Prepared {
  /** What was done, for whoever repeats a failure. */
  readonly story: string;
  readonly type: PayloadType;
  readonly document: object;
  /** Its members whose absence may be no fault. */
  readonly optional: readonly string[];
  /** Members holding an object in which an unknown member has no meaning. */
  readonly spots: readonly string[];
  /** Whether the document, or what the receiver knows, breaks a rule. */
  readonly breaks: boolean;
  /** All must be met. */
  readonly rosters: readonly Roster[];
  /** Verifies as a receiver does. Throws a VerifyError, or `WrongResult` when it accepts and errs in what follows. */
  readonly open: (bytes: Uint8Array, by: Opening) => void;
}

/** How a document is opened: the payload as its sender wrote it, and the backend. */
export interface Opening {
  readonly payload: Uint8Array;
  readonly verify: Verifier;
}

/** Makes a document of one kind in a world: a good one, unless it is to be spoiled. */
export type Subject = (world: World, random: Random, isSpoiled: boolean) => Prepared;

/** Accepted, and then another state or document than the rules say. */
export class WrongResult extends Error {}

/** One named change: whether it breaks a rule, and the members it writes over. */
export type Change<Facts> = readonly [
  story: string,
  breaks: boolean | ((facts: Facts) => boolean),
  members: (facts: Facts) => object,
];

/** A change as it turns out for one document. */
export interface Changed {
  readonly story: string;
  readonly breaks: boolean;
  readonly members: object;
}

/** One of the changes, as it turns out for this document; without any to pick from, none. */
export function pickChange<Facts>(
  random: Random,
  changes: readonly Change<Facts>[],
  facts: Facts,
): Changed {
  if (changes.length === 0) return { story: "valid", breaks: false, members: {} };
  const [story, breaks, members] = pick(random, changes);
  const isBroken = typeof breaks === "function" ? breaks(facts) : breaks;
  return { story, breaks: isBroken, members: members(facts) };
}

export function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[random.below(choices.length)];
  if (choice === undefined) throw new RangeError("expected something to pick from");
  return choice;
}
