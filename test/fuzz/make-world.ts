import {
  DeviceId,
  formatTimestamp,
  ModelName,
  RootDocument,
  type TrustState,
  type VerifiedRoot,
} from "@modelfleet/protocol";
import type { Random } from "../support/random.ts";
import { digest, type KeyHolder, keyPool, type Roster } from "./ledger.ts";
import { pick } from "./prepared.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Models that rules may cover; one begins like a prefix without being under it. */
export const models = ["vision.defects", "vision.ocr", "visionary", "audio.voice", "text"].map(
  (name) => ModelName.parse(name),
);
const patterns = ["vision.*", "audio.*", ...models];

/** A release rule: its patterns and its keys. */
export interface Rule extends Roster {
  readonly models: readonly string[];
}

/** Who signs what under one root. */
export interface Rosters {
  readonly root: Roster;
  readonly online: Roster;
  readonly release: readonly Rule[];
}

/** A fleet with a root of random shape and a device that has lived under it for a while. */
export interface World {
  readonly rosters: Rosters;
  readonly root: VerifiedRoot;
  readonly state: TrustState;
  readonly deviceClass: string;
  /** The device's clock, which is plausible. */
  readonly nowMs: number;
}

export function makeWorld(random: Random): World {
  const rosters = makeRosters(random);
  const issuedAtMs = Date.UTC(2020 + random.below(60), random.below(12), 1 + random.below(28));
  const document = makeRoot(rosters, {
    fleet: uuid(random),
    version: pick(random, [1, 2, 1 + random.below(1_000), 2 ** 53 - 4]),
    issuedAtMs,
    expiresAtMs: issuedAtMs + (60 + random.below(700)) * DAY_MS,
    revokedReleases: someDigests(random),
  });
  const root = verifiedRoot(document);
  const timeFloorMs = issuedAtMs + random.below(10) * DAY_MS;
  const isNew = random.below(4) === 0;
  const state = {
    root,
    device: DeviceId.parse(pick(random, ["cam-0017", "a1-", "0000", `d${"x".repeat(62)}`])),
    seq: isNew ? 0 : pick(random, [1, 1 + random.below(1e6), 2 ** 53 - 3]),
    desiredSha256: isNew ? null : root.sha256,
    timeFloorMs,
    floors: Object.fromEntries(models.slice(random.below(6)).map((name) => [name, floor(random)])),
  };
  const nowMs = timeFloorMs + (random.below(60) - 20) * HOUR_MS;
  return { rosters, root, state: freeze(state), deviceClass: pick(random, classes), nowMs };
}

const classes = ["cam-v2", "x", "edge.box-1"] as const;

/** The plain facts of a root document. */
export interface RootFacts {
  readonly fleet: string;
  readonly version: number;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedReleases: readonly string[];
}

export function makeRoot(rosters: Rosters, facts: RootFacts) {
  const holders = [rosters.root, rosters.online, ...rosters.release].flatMap((one) => one.members);
  return {
    type: "root",
    spec: 1,
    fleet: facts.fleet,
    version: facts.version,
    issuedAt: formatTimestamp(facts.issuedAtMs),
    expires: formatTimestamp(facts.expiresAtMs),
    keys: Object.fromEntries(holders.map((one) => [one.keyid, keyEntry(one)])),
    roles: {
      root: roleEntry(rosters.root),
      release: rosters.release.map((rule, index) => ({
        name: `rule ${index}`,
        models: rule.models,
        ...roleEntry(rule),
      })),
      online: roleEntry(rosters.online),
    },
    revokedReleases: facts.revokedReleases,
  };
}

/** As the core would hold it once verified; made by hand, so that a world owes nothing to the core's verdicts. */
export function verifiedRoot(document: object): VerifiedRoot {
  const bytes = Buffer.from(JSON.stringify(document));
  const parsed = RootDocument.parse(document);
  return {
    document: parsed,
    sha256: RootDocument.shape.revokedReleases.element.parse(digest(bytes)),
    bytes,
  };
}

export function keyEntry({ signer }: KeyHolder) {
  return { alg: "ed25519", public: Buffer.from(signer.publicKey).toString("base64") };
}

export function roleEntry({ members, threshold }: Roster) {
  return { keyids: members.map(({ keyid }) => keyid), threshold };
}

/** Root and online share no key; a release key may be anybody's. */
export function makeRosters(random: Random): Rosters {
  const pool = random.shuffled(keyPool);
  const root = someOf(random, pool.slice(0, 12), 3);
  const online = someOf(random, pool.slice(12), 2);
  const release = Array.from({ length: 1 + random.below(4) }, () => ({
    models: random.shuffled(patterns).slice(0, 1 + random.below(3)),
    ...someOf(random, random.shuffled(pool), 2),
  }));
  if (random.below(3) > 0) release.push({ models: ["*"], ...someOf(random, pool, 2) });
  return { root, online, release };
}

/** The rule that decides about a model: the first that covers it, as protocol.md 1.4.2 words it. */
export function ruleFor(rosters: Rosters, model: string): Rule | undefined {
  const words = model.split(".");
  const covers = (pattern: string) => {
    const parts = pattern.split(".");
    if (parts.at(-1) !== "*") return pattern === model;
    return (
      words.length >= parts.length && parts.every((part, i) => part === "*" || part === words[i])
    );
  };
  return rosters.release.find((rule) => rule.models.some(covers));
}

function someOf(random: Random, from: readonly KeyHolder[], most: number): Roster {
  const members = from.slice(0, 1 + random.below(most));
  return { members, threshold: 1 + random.below(members.length) };
}

function someDigests(random: Random): string[] {
  return Array.from({ length: random.below(4) }, () => digest(Buffer.from([random.below(256)])));
}

function floor(random: Random): number {
  return pick(random, [0, 1, random.below(100), 2 ** 53 - 2]);
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** A verifier that wrote into the state it was given would throw here. */
function freeze(state: TrustState): TrustState {
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    Object.freeze(value);
    for (const one of Object.values(value)) visit(one);
  };
  visit(state);
  return state;
}
