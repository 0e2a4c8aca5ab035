import {
  type Verifier,
  VerifyError,
  verifySignature,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { type Random, seededRandom } from "../support/random.ts";
import { oddEnvelope, plainEnvelope } from "./change-envelope.ts";
import { oddPayload, plainPayload } from "./change-text.ts";
import { openLedger, satisfies } from "./ledger.ts";
import { makeWorld, type World } from "./make-world.ts";
import { pick, type Subject, WrongResult } from "./prepared.ts";
import { signSomehow, signWell } from "./sign-somehow.ts";
import { desired } from "./subjects/desired-subject.ts";
import { credential, deviceMessage, enrol } from "./subjects/message-subjects.ts";
import { release } from "./subjects/release-subject.ts";
import { nextRoot, pinnedRoot } from "./subjects/root-subjects.ts";
import { telemetryCase } from "./subjects/telemetry-subject.ts";
import { update } from "./subjects/update-subject.ts";

/** A document as it arrives, and what the oracle says of it. */
export interface FuzzCase {
  readonly story: string;
  readonly bytes: Buffer;
  /** Whether it must be accepted. */
  readonly isGood: boolean;
  readonly open: (verify: Verifier) => void;
}

/** What became of a case. */
export interface Verdict {
  readonly story: string;
  readonly isGood: boolean;
  /** "accepted", the code of the refusal, "WRONGLY" for accepted with another result, "THROWN" for all else. */
  readonly native: string;
  /** The same by the portable backend, where it was asked. */
  readonly portable: string | undefined;
  readonly thrown: unknown;
  readonly bytes: Buffer;
}

/** Cases that share a world: making one costs as much as several cases. */
const CASES_PER_WORLD = 100;

const subjects: readonly Subject[] = [
  ...[nextRoot, nextRoot, pinnedRoot],
  ...[desired, desired, desired, desired],
  ...[release, release, release, update],
  ...[credential, deviceMessage, enrol],
];

/** Makes cases by number; those after each other share their world. */
export function caseMaker(seed: number): (index: number) => FuzzCase {
  let known = { number: -1, world: worldOf(seed, -1) };
  return (index) => {
    const number = Math.floor(index / CASES_PER_WORLD);
    if (known.number !== number) known = { number, world: worldOf(seed, number) };
    return makeCase(known.world, numbered(seed, index));
  };
}

function worldOf(seed: number, number: number): World {
  return makeWorld(numbered(seed ^ 0x5eed, number));
}

/** A generator for one number of one run. */
function numbered(seed: number, index: number): Random {
  return seededRandom((seed + Math.imul(index + 1, 0x9e37_79b1)) >>> 0);
}

function makeCase(world: World, random: Random): FuzzCase {
  const kind = random.below(subjects.length + 1);
  const subject = subjects[kind];
  if (subject === undefined) return telemetryCase(random);
  const isSpoiled = spoiler(random);
  const prepared = subject(world, random, isSpoiled("document"));
  const written = isSpoiled("text") ? oddPayload(prepared, random) : plainPayload(prepared);
  const demand = { type: prepared.type, payload: written.payload, rosters: prepared.rosters };
  const ledger = openLedger();
  const signing = { demand, ledger, random };
  const entries = isSpoiled("signatures") ? signSomehow(signing) : signWell(signing);
  const bytes = isSpoiled("envelope")
    ? oddEnvelope(demand, entries, random)
    : plainEnvelope(demand, entries);
  return {
    story: `${prepared.story}; payload ${written.story}; ${entries.length} signatures`,
    bytes,
    isGood: !prepared.breaks && !written.breaks && satisfies(bytes, demand, ledger),
    open: (verify) => prepared.open(bytes, { payload: written.payload, verify }),
  };
}

/** Mostly one level is spoiled, since two faults would hide each other; sometimes none, or any. */
function spoiler(random: Random): (level: string) => boolean {
  const where = pick(random, [
    "nowhere",
    "document",
    "document",
    "document",
    "text",
    "signatures",
    "envelope",
    "any",
  ]);
  return (level) => where === level || (where === "any" && random.below(2) === 0);
}

/** Verifies a case as its receiver does. */
export function judge(one: FuzzCase, isPortableToo: boolean): Verdict {
  const before = Buffer.from(one.bytes);
  const native = outcome(one, verifySignatureNative);
  const portable = isPortableToo ? outcome(one, verifySignature) : undefined;
  const isTouched = !before.equals(one.bytes);
  return {
    story: one.story,
    isGood: one.isGood,
    native: isTouched ? "THROWN" : native.code,
    portable: portable?.code,
    thrown: isTouched
      ? new Error("the received bytes were written to")
      : (native.thrown ?? portable?.thrown),
    bytes: one.bytes,
  };
}

function outcome(one: FuzzCase, verify: Verifier): { code: string; thrown?: unknown } {
  try {
    one.open(verify);
    return { code: "accepted" };
  } catch (thrown) {
    if (thrown instanceof VerifyError) return { code: thrown.code };
    return { code: thrown instanceof WrongResult ? "WRONGLY" : "THROWN", thrown };
  }
}

/** Why a verdict is wrong; undefined when it is right. */
export function faultOf({ isGood, native, portable }: Verdict): Fault | undefined {
  if (native === "THROWN" || portable === "THROWN") return "throws";
  if (portable !== undefined && portable !== native) return "backends differ";
  if (native === "WRONGLY") return "wrongful accept";
  if (native === "accepted") return isGood ? undefined : "wrongful accept";
  return isGood ? "wrongful refusal" : undefined;
}

export type Fault = "throws" | "backends differ" | "wrongful accept" | "wrongful refusal";
