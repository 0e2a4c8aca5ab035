import { createPublicKey, type KeyObject, verify } from "node:crypto";
import {
  checkDesired,
  checkRelease,
  decodeEnvelope,
  ModelName,
  openEnvelope,
  type PayloadType,
  pae,
  payloadTypes,
  type RoleKeys,
  releaseRoleOf,
  roleOf,
  type Verifier,
  verifySignature,
  verifySignatureNative,
} from "@modelfleet/protocol";
import {
  fixtureTimes,
  fleetKeys,
  fleetState,
  signedDesired,
  signedRelease,
} from "../support/trust-fixtures.ts";
import { digits, printTable } from "./statistics.ts";

/**
 * Documents verified in a second, by each backend, beside node:crypto alone over the same signed bytes: opening the
 * envelope, then the whole check of the core. The ways take turns and processor time is counted, so that what else the
 * machine does changes little.
 */
const ROUNDS = 20;
const SLICE_MS = 60;
const WARM_UP_RUNS = 20;

const backends: Readonly<Record<string, Verifier>> = {
  native: verifySignatureNative,
  portable: verifySignature,
};
const model = ModelName.parse("vision.defects");
const state = fleetState();

interface Document {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type: PayloadType;
  readonly role: RoleKeys;
  readonly publicKey: Uint8Array;
  readonly check: (verify: Verifier) => unknown;
}

function main(): void {
  const rows = [["document", "way", "documents/s", "µs each", "ratio to bare"]];
  const documents: Record<string, object> = {};
  for (const document of [desiredDocument(), releaseDocument()]) {
    const perSecond = measure(waysOf(document));
    rows.push(...tableRows(document.name, perSecond));
    documents[document.name] = summaryOf(perSecond);
  }
  printTable(rows);
  console.log(JSON.stringify({ node: process.version, documents }));
}

function desiredDocument(): Document {
  const { bytes } = signedDesired();
  const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
  return {
    name: "desired",
    bytes,
    type: payloadTypes.desired,
    role: roleOf(state.root, "online"),
    publicKey: fleetKeys.online.publicKey,
    check: (verifier) => checkDesired(state, bytes, context, verifier),
  };
}

function releaseDocument(): Document {
  const { bytes, sha256 } = signedRelease();
  const expected = { release: sha256, model, deviceClass: "cam-v2", floor: 0 };
  return {
    name: "release",
    bytes,
    type: payloadTypes.release,
    role: releaseRoleOf(state.root, model),
    publicKey: fleetKeys.release.publicKey,
    check: (verifier) => checkRelease(state.root, bytes, expected, verifier),
  };
}

type Ways = Readonly<Record<string, () => unknown>>;

function waysOf(document: Document): Ways {
  const { payload, signatures } = decodeEnvelope(document.bytes);
  const message = pae(document.type, payload);
  const sig = signatures[0]?.sig ?? new Uint8Array();
  const key = keyObject(document.publicKey);
  const bare = (by: KeyObject) => {
    if (!verify(null, message, by, sig)) throw new Error("expected a signature that holds");
  };
  const opened = Object.entries(backends).flatMap(([name, verifier]) => [
    [
      `open, ${name}`,
      () => openEnvelope(document.bytes, document.type, document.role, verifier),
    ] as const,
    [`whole check, ${name}`, () => document.check(verifier)] as const,
  ]);
  return {
    "bare node:crypto": () => bare(key),
    "bare, key read each time": () => bare(keyObject(document.publicKey)),
    ...Object.fromEntries(opened.toSorted(([left], [right]) => (left < right ? -1 : 1))),
  };
}

function keyObject(publicKey: Uint8Array): KeyObject {
  const header = Buffer.from("302a300506032b6570032100", "hex");
  return createPublicKey({ key: Buffer.concat([header, publicKey]), format: "der", type: "spki" });
}

/** Runs a second by way: the best of its slices, since what else the machine does can only slow one. */
function measure(ways: Ways): Record<string, number> {
  const best = Object.fromEntries(Object.keys(ways).map((name) => [name, 0]));
  for (const once of Object.values(ways)) for (let i = 0; i < WARM_UP_RUNS; i++) once();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, once] of Object.entries(ways)) {
      best[name] = Math.max(best[name] ?? 0, sliceOf(once));
    }
  }
  return best;
}

function sliceOf(once: () => unknown): number {
  const startMs = cpuMs();
  let runs = 0;
  let tookMs = 0;
  while (tookMs < SLICE_MS) {
    once();
    runs++;
    tookMs = cpuMs() - startMs;
  }
  return (runs * 1_000) / tookMs;
}

/** Processor time of this thread so far. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function tableRows(document: string, perSecond: Record<string, number>): string[][] {
  return Object.entries(perSecond).map(([way, rate]) => [
    document,
    way,
    String(digits(rate)),
    String(digits(1e6 / rate)),
    ratioOf(perSecond, rate).toFixed(2),
  ]);
}

/** How many times as long as node:crypto alone. */
function ratioOf(perSecond: Record<string, number>, rate: number): number {
  return (perSecond["bare node:crypto"] ?? 0) / rate;
}

function summaryOf(perSecond: Record<string, number>): object {
  const summary: Record<string, object> = {};
  for (const [way, rate] of Object.entries(perSecond)) {
    summary[way] = { perSecond: digits(rate), ratio: digits(ratioOf(perSecond, rate)) };
  }
  return summary;
}

main();
