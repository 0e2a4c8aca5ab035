import { createHash } from "node:crypto";
import type { PayloadType, Signer } from "@modelfleet/protocol";
import { seedSigner } from "../support/trust-fixtures.ts";
import { readEnvelope } from "./read-envelope.ts";

/** A key with its name on the wire. */
export interface KeyHolder {
  readonly keyid: string;
  readonly signer: Signer;
}

/** Who may sign a document, and how many of them must. */
export interface Roster {
  readonly members: readonly KeyHolder[];
  readonly threshold: number;
}

/** What a case signs; also how the oracle knows which signatures hold, without a look at the mathematics. */
export interface Ledger {
  readonly sign: (holder: KeyHolder, type: string, payload: Uint8Array) => Buffer;
  /** Whether this very signature was made by that key for these bytes. */
  readonly holds: (keyid: string, type: string, payload: Uint8Array, sig: Buffer) => boolean;
}

/** The keys of all worlds, from fixed seeds. */
export const keyPool: readonly KeyHolder[] = Array.from({ length: 24 }, (_, index) => {
  const signer = seedSigner(`fuzz key ${index}`);
  return { signer, keyid: digest(signer.publicKey) };
});

export function openLedger(): Ledger {
  const made = new Map<string, Buffer>();
  const entry = (keyid: string, type: string, payload: Uint8Array) =>
    `${keyid} ${type} ${digest(payload)}`;
  return {
    sign: (holder, type, payload) => {
      const sig = Buffer.from(holder.signer.sign(signedBytes(type, payload)));
      made.set(entry(holder.keyid, type, payload), sig);
      return sig;
    },
    holds: (keyid, type, payload, sig) =>
      made.get(entry(keyid, type, payload))?.equals(sig) ?? false,
  };
}

/** What must be in an envelope for the oracle to let it pass. */
export interface Demand {
  readonly type: PayloadType;
  readonly payload: Uint8Array;
  readonly rosters: readonly Roster[];
}

/** Whether the bytes are an envelope of this payload, with enough signatures by each roster (protocol.md 1.1). */
export function satisfies(bytes: Uint8Array, demand: Demand, ledger: Ledger): boolean {
  const read = readEnvelope(bytes);
  if (read === undefined || read.payloadType !== demand.type) return false;
  if (!read.payload.equals(demand.payload)) return false;
  const keyids = read.signatures.map(({ keyid }) => keyid);
  if (keyids.length > 16 || new Set(keyids).size < keyids.length) return false;
  const good = new Set(
    read.signatures
      .filter(({ keyid, sig }) => ledger.holds(keyid, demand.type, demand.payload, sig))
      .map(({ keyid }) => keyid),
  );
  return demand.rosters.every(
    ({ members, threshold }) => members.filter((one) => good.has(one.keyid)).length >= threshold,
  );
}

/** DSSE's pre-authentication encoding, written apart from the core's. */
export function signedBytes(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** SHA-256, 64 lowercase hex characters. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
