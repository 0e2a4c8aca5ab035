import type { Random } from "../support/random.ts";
import {
  type Demand,
  digest,
  type KeyHolder,
  keyPool,
  type Ledger,
  type Roster,
} from "./ledger.ts";
import { pick } from "./prepared.ts";

/** One signature on its way into an envelope. */
export interface Entry {
  readonly keyid: string;
  readonly sig: Buffer;
}

/** What is to be signed, and with what. */
export interface Signing {
  readonly demand: Demand;
  readonly ledger: Ledger;
  readonly random: Random;
}

/** Enough honest signatures, in any order. */
export function signWell(signing: Signing): Entry[] {
  const { demand, random } = signing;
  return random.shuffled(enough(demand.rosters, random)).map((one) => honest(one, signing));
}

/** The same with one to three changes. Whether they still suffice is not said here: the oracle counts. */
export function signSomehow(signing: Signing): Entry[] {
  let entries = signWell(signing);
  for (let left = 1 + signing.random.below(3); left > 0; left--) {
    entries = pick(signing.random, spoilers)(entries, signing);
  }
  return entries;
}

/** The threshold of each roster, or everybody. */
function enough(rosters: readonly Roster[], random: Random): KeyHolder[] {
  const isEverybody = random.below(3) === 0;
  const chosen = rosters.flatMap(({ members, threshold }) =>
    random.shuffled(members).slice(0, isEverybody ? members.length : threshold),
  );
  return [...new Set(chosen)].slice(0, 16);
}

function honest(holder: KeyHolder, { ledger, demand }: Signing): Entry {
  return { keyid: holder.keyid, sig: ledger.sign(holder, demand.type, demand.payload) };
}

type Spoiler = (entries: readonly Entry[], signing: Signing) => Entry[];

const spoilers: readonly Spoiler[] = [
  (entries) => entries.slice(1),
  (entries) => entries.slice(1),
  () => [],
  // The same signature again, or the same key again with another.
  (entries) => [...entries, ...entries.slice(0, 1)],
  (entries) => [...entries.slice(0, 1), ...entries],
  (entries) => [...entries, ...change(entries, (sig) => garbled(sig, 5)).slice(0, 1)],
  // Other keys, more or instead.
  (entries, signing) => [...entries, honest(pick(signing.random, keyPool), signing)],
  (entries, signing) => [honest(pick(signing.random, keyPool), signing), ...entries.slice(1)],
  (entries, signing) => strangers(signing, signing.random.below(17)).concat(entries),
  // A signature under somebody else's name.
  (entries, { random }) => {
    const keyids = random.shuffled(entries).map(({ keyid }) => keyid);
    return entries.map(({ sig }, index) => ({ keyid: keyids[index] ?? "", sig }));
  },
  (entries, { random }) => renamed(entries, () => pick(random, keyPool).keyid),
  (entries) => renamed(entries, (keyid) => keyid.toUpperCase()),
  (entries) => renamed(entries, () => ""),
  (entries) => renamed(entries, (keyid) => `${keyid}${keyid}`),
  (entries) => renamed(entries, (keyid) => `${keyid}${keyid}0`),
  (entries) => renamed(entries, () => "__proto__"),
  // Signatures of another length, with a bit turned, with S raised by the order, or all zero.
  ...[0, 32, 63, 65, 128, 192, 193].map(
    (length): Spoiler =>
      (entries) =>
        change(entries, (sig) => Buffer.concat([sig, Buffer.alloc(200)]).subarray(0, length)),
  ),
  (entries, { random }) => change(entries, (sig) => garbled(sig, random.below(512))),
  (entries) => change(entries, raised),
  (entries) => change(entries, () => Buffer.alloc(64)),
  (entries) => change(entries, (sig) => Buffer.from(sig.toString("hex"))),
  // Honest signatures of something else: another type, another payload, the payload alone.
  (entries, signing) => resigned(entries, signing, { type: `${signing.demand.type}x` }),
  (entries, signing) =>
    resigned(entries, signing, { type: "application/vnd.modelfleet.telemetry.v1+protobuf" }),
  (entries, signing) => resigned(entries, signing, { payload: Buffer.from("{}") }),
  (entries, { demand }) =>
    entries.map(({ keyid, sig }) => {
      const holder = keyPool.find((one) => one.keyid === keyid);
      return { keyid, sig: holder ? Buffer.from(holder.signer.sign(demand.payload)) : sig };
    }),
];

function strangers({ random }: Signing, count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    keyid: digest(Buffer.from([index])),
    sig: Buffer.alloc(64, 1 + random.below(255)),
  }));
}

/** The first entry, in a new form. */
function change(entries: readonly Entry[], to: (sig: Buffer) => Buffer): Entry[] {
  return entries.map((entry, index) => (index === 0 ? { ...entry, sig: to(entry.sig) } : entry));
}

function renamed(entries: readonly Entry[], to: (keyid: string) => string): Entry[] {
  return entries.map((entry, index) =>
    index === 0 ? { ...entry, keyid: to(entry.keyid) } : entry,
  );
}

function resigned(
  entries: readonly Entry[],
  { demand, ledger }: Signing,
  about: { readonly type?: string; readonly payload?: Buffer },
): Entry[] {
  const { type, payload } = { ...demand, ...about };
  return entries.map((entry) => {
    const holder = keyPool.find(({ keyid }) => keyid === entry.keyid);
    return holder === undefined ? entry : { ...entry, sig: ledger.sign(holder, type, payload) };
  });
}

function garbled(sig: Buffer, bit: number): Buffer {
  const copy = Buffer.from(sig);
  const at = bit % Math.max(1, copy.length * 8);
  if (copy.length > 0) copy[at >> 3] = (copy[at >> 3] ?? 0) ^ (1 << (at & 7));
  return copy;
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with S + L, which a careless verifier takes for another good one. */
function raised(sig: Buffer): Buffer {
  const s =
    BigInt(`0x${Buffer.from(sig.subarray(32, 64)).reverse().toString("hex") || "0"}`) + ORDER;
  const bytes = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
  return Buffer.concat([sig.subarray(0, 32), bytes]);
}
