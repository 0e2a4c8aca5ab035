import {
  checkDesired,
  formatTimestamp,
  payloadTypes,
  Sha256,
  type TrustState,
} from "@modelfleet/protocol";
import type { Random } from "../../support/random.ts";
import { digest } from "../ledger.ts";
import { models, type World } from "../make-world.ts";
import { type Change, pick, pickChange, type Subject, WrongResult } from "../prepared.ts";

const HOUR_MS = 3_600_000;
const nonce = Buffer.alloc(16, 7).toString("base64");
const otherNonce = Buffer.alloc(16, 8).toString("base64");

/** A desired document, to a device whose clock may be wrong where the document answers its hello. */
export const desired: Subject = (world, random, isSpoiled) => {
  const draft = draftOf(world, random);
  const { story, breaks, members } = pickChange(random, isSpoiled ? changes : [], draft);
  const isRepeat = story === "valid" && random.below(6) === 0;
  const document = { ...draft.document, ...members };
  return {
    story: `desired${draft.isFresh ? " with nonce" : ""}${isRepeat ? ", again" : ""}, ${story}`,
    type: payloadTypes.desired,
    document,
    optional: ["nonce"],
    spots: [],
    breaks,
    rosters: [world.rosters.online],
    open: (bytes, { payload, verify }) => {
      const state = isRepeat ? accepted(world.state, draft.document.seq, payload) : world.state;
      const checked = checkDesired(state, bytes, draft.context, verify);
      if (checked.desired.seq !== document.seq) throw new WrongResult("another seq was read");
      if (isRepeat !== (checked.kind === "same")) throw new WrongResult(`it was ${checked.kind}`);
      if (checked.kind === "same") return;
      const floorMs = Math.max(state.timeFloorMs, Date.parse(document.issuedAt));
      if (checked.timeFloorMs !== floorMs) throw new WrongResult("the time floor is another");
      if (checked.sha256 !== digest(payload)) throw new WrongResult("the digest is another");
    },
  };
};

/** A valid document and a context in which it is. */
export function draftOf(world: World, random: Random) {
  const { state, root } = world;
  const isFresh = state.desiredSha256 === null || random.below(3) === 0;
  // With a nonce the clock says nothing; without one, the later of clock and floor counts.
  const clockMs = isFresh ? pick(random, [0, world.nowMs, Date.UTC(2150)]) : world.nowMs;
  const nowMs = Math.max(world.nowMs, state.timeFloorMs);
  const issuedAtMs = nowMs - random.below(72) * HOUR_MS;
  const expiresAtMs = nowMs + 1_000 + random.below(90 * 24) * HOUR_MS;
  const facts = { fleet: root.document.fleet, device: state.device };
  const document = {
    type: "desired",
    spec: 1,
    ...facts,
    seq: pick(random, [state.seq + 1, state.seq + 2, 2 ** 53 - 1]),
    rootVersion: pick(random, [1, root.document.version]),
    issuedAt: formatTimestamp(issuedAtMs),
    expires: formatTimestamp(expiresAtMs),
    ...(isFresh ? { nonce } : pick(random, [{}, { nonce: otherNonce }])),
    models: models.slice(random.below(6)).map((model, index) => wanted(model, `slot-${index}`)),
  };
  const context = {
    nowMs: clockMs,
    expectedNonce: isFresh ? nonce : pick(random, [null, nonce]),
    requireNonce: isFresh && random.below(4) > 0,
  };
  return { world, document, context, isFresh, nowMs: isFresh ? issuedAtMs : nowMs };
}

type Draft = ReturnType<typeof draftOf>;

function wanted(model: string, slot: string) {
  return { slot, model, release: digest(Buffer.from(model)), size: 1_480, activate: "now" };
}

function accepted(state: TrustState, seq: number, payload: Uint8Array): TrustState {
  return { ...state, seq, desiredSha256: Sha256.parse(digest(payload)) };
}

function one(changed: object) {
  return { models: [{ ...wanted("text", "main"), ...changed }] };
}

const changes: readonly Change<Draft>[] = [
  ["another fleet", true, () => ({ fleet: "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11" })],
  ["another device", true, () => ({ device: "cam-0018" })],
  [
    "a device in capitals",
    true,
    ({ world }) => ({ device: `${world.state.device.toUpperCase()}A` }),
  ],
  ["a device that is none", true, () => ({ device: "a/b" })],
  ["type release", true, () => ({ type: "release" })],
  ["spec 2", true, () => ({ spec: 2 })],
  ["the seq it has", true, ({ world }) => ({ seq: world.state.seq })],
  ["a lower seq", true, ({ world }) => ({ seq: Math.max(0, world.state.seq - 1) })],
  ["seq 0", true, () => ({ seq: 0 })],
  ["seq 2^53", true, () => ({ seq: 2 ** 53 })],
  ["seq -1", true, () => ({ seq: -1 })],
  ["seq in text", true, () => ({ seq: "9007199254740991" })],
  ["half a seq", true, ({ world }) => ({ seq: (world.state.seq % 1e6) + 2 ** 40 + 0.5 })],
  [
    "a root it does not have",
    true,
    ({ world }) => ({ rootVersion: world.root.document.version + 1 }),
  ],
  ["root version 0", true, () => ({ rootVersion: 0 })],
  [
    "expired now",
    ({ isFresh }) => !isFresh,
    ({ nowMs }) => ({ ...before(nowMs), expires: formatTimestamp(nowMs) }),
  ],
  [
    "expired a second ago",
    ({ isFresh }) => !isFresh,
    ({ nowMs }) => ({ ...before(nowMs), expires: formatTimestamp(nowMs - 1_000) }),
  ],
  ["a second left", false, ({ nowMs }) => ({ expires: formatTimestamp(nowMs + 1_000) })],
  ["expires as issued", true, ({ document }) => ({ expires: document.issuedAt })],
  ["a moment with fractions", true, () => ({ issuedAt: "2026-11-21T08:00:00.000Z" })],
  ["a moment without zone", true, () => ({ expires: "9999-11-21T08:00:00" })],
  ["another nonce", isStaleWithoutNonce, () => ({ nonce: otherNonce })],
  ["a short nonce", true, () => ({ nonce: "AAAA" })],
  ["no model", false, () => ({ models: [] })],
  ["a slot twice", true, () => ({ models: [wanted("text", "main"), wanted("text", "main")] })],
  ["16 models", false, () => ({ models: slots(16) })],
  ["17 models", true, () => ({ models: slots(17) })],
  ["models in an object", true, () => ({ models: { "0": wanted("text", "main"), length: 1 } })],
  ["a model that is none", true, () => one({ model: "Text" })],
  ["a model with a way out", true, () => one({ model: "../text" })],
  ["a release with a bad name", true, () => one({ release: "F".repeat(64) })],
  ["a release of 0 bytes", true, () => one({ size: 0 })],
  ["a release of 32 KiB", false, () => one({ size: 32_768 })],
  ["a release above 32 KiB", true, () => one({ size: 32_769 })],
  ["activation later", true, () => one({ activate: "later" })],
  ["a slot of a bad name", true, () => one({ slot: "Main" })],
  ["an unknown member in a model", false, () => one({ note: { any: [1, null] } })],
];

/** Whether a document that needed its nonce is refused once it has another. */
function isStaleWithoutNonce({ world, document, context, isFresh }: Draft): boolean {
  const endMs = Math.min(
    ...[document, world.root.document].map(({ expires }) => Date.parse(expires)),
  );
  const nowMs = Math.max(context.nowMs, world.state.timeFloorMs);
  return isFresh && (context.requireNonce || nowMs >= endMs);
}

/** Issued long before, so that nothing but the expiry is wrong. */
function before(nowMs: number) {
  return { issuedAt: formatTimestamp(nowMs - 100 * HOUR_MS) };
}

function slots(count: number) {
  return Array.from({ length: count }, (_, index) => wanted("text", `slot-${index}`));
}
