import {
  DeviceId,
  type DeviceMessageType,
  formatTimestamp,
  openCredential,
  openDeviceMessage,
  openEnrolMessage,
  payloadTypes,
} from "@modelfleet/protocol";
import type { Random } from "../../support/random.ts";
import { seedSigner } from "../../support/trust-fixtures.ts";
import { keyPool } from "../ledger.ts";
import type { World } from "../make-world.ts";
import { type Change, pick, pickChange, type Subject, WrongResult } from "../prepared.ts";

const nonce = Buffer.alloc(16, 7).toString("base64");
const secret = Buffer.alloc(32, 7).toString("base64url");

/** The answer to an enrolment. */
export const credential: Subject = (world, random, isSpoiled) => {
  const document = {
    type: "credential",
    spec: 1,
    fleet: world.root.document.fleet,
    device: world.state.device,
    nonce,
    issuedAt: formatTimestamp(world.nowMs),
    rootVersion: pick(random, [0, world.root.document.version]),
    secret,
  };
  const { story, breaks, members } = pickChange(
    random,
    isSpoiled ? credentialChanges : [],
    document,
  );
  return {
    story: `credential, ${story}`,
    type: payloadTypes.credential,
    document: { ...document, ...members },
    optional: [],
    spots: [],
    breaks,
    rosters: [world.rosters.online],
    open: (bytes, { verify }) => {
      const opened = openCredential(world.root, bytes, nonce, verify);
      if (opened.device !== document.device) throw new WrongResult("another device was read");
    },
  };
};

const credentialChanges: readonly Change<object>[] = [
  ["another fleet", true, () => ({ fleet: "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11" })],
  ["another nonce", true, () => ({ nonce: Buffer.alloc(16, 8).toString("base64") })],
  ["no device id", true, () => ({ device: "+/#" })],
  ["type enrol", true, () => ({ type: "enrol" })],
  ["spec 2", true, () => ({ spec: 2 })],
  ["a short secret", true, () => ({ secret: "s".repeat(42) })],
  ["a long secret", true, () => ({ secret: "s".repeat(65) })],
  ["root version -1", true, () => ({ rootVersion: -1 })],
];

/** What a device says of itself, to whoever knows its key. */
export const deviceMessage: Subject = (world, random, isSpoiled) => {
  const device = pick(random, keyPool);
  const type = pick(random, ["hello", "report"] as const satisfies DeviceMessageType[]);
  const document = type === "hello" ? hello(world, random) : report(world, random);
  const changes = type === "hello" ? [...sharedChanges, ...helloChanges] : sharedChanges;
  const { story, breaks, members } = pickChange(random, isSpoiled ? changes : [], document);
  return {
    story: `${type}, ${story}`,
    type: payloadTypes[type],
    document: { ...document, ...members },
    optional: [],
    spots: type === "hello" ? ["facts"] : [],
    breaks,
    rosters: [{ members: [device], threshold: 1 }],
    open: (bytes) => {
      const opened = openDeviceMessage(bytes, type, device.signer.publicKey);
      if (opened.device !== world.state.device) throw new WrongResult("another device was read");
    },
  };
};

function hello(world: World, random: Random) {
  const names = { class: world.deviceClass, target: "linux-x64", os: "linux", arch: "x64" };
  const memory = { memoryMiB: 4_096, memoryAvailableMiB: random.below(4_096), diskFreeMiB: 0 };
  return {
    type: "hello",
    spec: 1,
    device: world.state.device,
    boot: random.below(1_000),
    nonce,
    agentVersion: "0.1.0",
    ...shared(world, random),
    rootVersion: 1,
    facts: {
      ...names,
      ...memory,
      libc: { family: pick(random, ["glibc", "musl"]), version: "2.36" },
      node: "24.0.0",
      cpuCores: 4,
      runtimes: [
        { id: "onnxruntime", version: "1.30.0", providers: ["cpu"], opsetMax: 21, irMax: 10 },
      ],
      agentVersion: "0.1.0",
      protocol: 1,
    },
  };
}

function report(world: World, random: Random) {
  return {
    type: "report",
    spec: 1,
    device: world.state.device,
    boot: random.below(1_000),
    seq: pick(random, [0, 1, 2 ** 53 - 1]),
    ...shared(world, random),
    items: [],
    dropped: 0,
  };
}

function shared(world: World, random: Random) {
  const clock = pick(random, ["synced", "floor"]);
  return { issuedAt: formatTimestamp(world.nowMs), clock, desiredSeq: 3, slots: [] };
}

const sharedChanges: readonly Change<object>[] = [
  ["boot -1", true, () => ({ boot: -1 })],
  ["boot 2^53", true, () => ({ boot: 2 ** 53 })],
  ["type root", true, () => ({ type: "root" })],
  ["spec 2", true, () => ({ spec: 2 })],
  ["no device id", true, () => ({ device: "a/b" })],
  ["an unknown clock", true, () => ({ clock: "atomic" })],
  ["a moment that is none", true, () => ({ issuedAt: "2026-13-01T00:00:00Z" })],
  ["too many slots", true, () => ({ slots: Array.from({ length: 17 }, () => ({})) })],
];

const helloChanges: readonly Change<object>[] = [
  ["a long nonce", true, () => ({ nonce: Buffer.alloc(19).toString("base64") })],
  [
    "a nonce in the URL alphabet",
    true,
    () => ({ nonce: Buffer.alloc(16, 255).toString("base64url") }),
  ],
  ["facts in a list", true, () => ({ facts: [] })],
];

/** Nobody signs with it: an enrolment that names a key of the pool is good when that key has signed it, too. */
const unheld = seedSigner("fuzz key that nobody holds");

/** A new device that brings its key and shows that it holds it. */
export const enrol: Subject = (world, random, isSpoiled) => {
  const [device] = random.shuffled(keyPool);
  if (device === undefined) throw new RangeError("expected a key");
  const publicKey = encode(device.signer.publicKey);
  const document = {
    type: "enrol",
    spec: 1,
    claimId: "abcdef012345",
    publicKey,
    class: world.deviceClass,
    ...(random.below(2) === 0 ? { device: DeviceId.parse("cam-0017") } : {}),
    nonce,
  };
  const changes: readonly Change<object>[] = [
    ["somebody else's key", true, () => ({ publicKey: encode(unheld.publicKey) })],
    ["a key of order 4", true, () => ({ publicKey: encode(Buffer.alloc(32)) })],
    ["a key of 33 bytes", true, () => ({ publicKey: encode(Buffer.alloc(33, 9)) })],
    ["a claim in capitals", true, () => ({ claimId: "ABCDEF012345" })],
    ["no class", true, () => ({ class: "" })],
    ["spec 2", true, () => ({ spec: 2 })],
  ];
  const { story, breaks, members } = pickChange(random, isSpoiled ? changes : [], document);
  return {
    story: `enrol, ${story}`,
    type: payloadTypes.enrol,
    document: { ...document, ...members },
    optional: ["device"],
    spots: [],
    breaks,
    rosters: [{ members: [device], threshold: 1 }],
    open: (bytes, { payload }) => {
      const opened = openEnrolMessage(bytes);
      if (encode(opened.publicKey) !== publicKey) throw new WrongResult("another key was read");
      if (!Buffer.from(payload).equals(opened.payload))
        throw new WrongResult("other bytes were read");
    },
  };
};

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
