import { checkRelease, formatTimestamp, payloadTypes, Sha256 } from "@modelfleet/protocol";
import type { Random } from "../../support/random.ts";
import { digest } from "../ledger.ts";
import { models, ruleFor, type World } from "../make-world.ts";
import {
  type Opening,
  type Prepared,
  pick,
  pickChange,
  type Subject,
  WrongResult,
} from "../prepared.ts";
import { releaseChanges } from "./release-changes.ts";

/** What a receiver may ask for instead, as the desired document and the device say it. */
const wrongly = [
  "another digest",
  "another size",
  "revoked",
  "another model",
  "a higher floor",
] as const;

/** A release for one model of the fleet, in a device of one class. */
export const release: Subject = (world, random, isSpoiled) =>
  releaseOf(world, random, isSpoiled).prepared;

/** The same, with the device's side of it apart: what the desired document is to name. */
export function releaseOf(world: World, random: Random, isSpoiled: boolean) {
  const model = pick(random, models);
  const rule = ruleFor(world.rosters, model);
  const document = makeRelease(world, random, model);
  const asked = isSpoiled && random.below(4) === 0 ? pick(random, wrongly) : "as signed";
  const changes = isSpoiled && asked === "as signed" ? releaseChanges : [];
  const { story, breaks, members } = pickChange(random, changes, { document, world });
  const longer = asked === "another size" ? pick(random, [-1, 1]) : 0;
  const isSizeNamed = longer !== 0 || random.below(2) === 0;
  const other = models[(models.indexOf(model) + 1) % models.length] ?? model;
  const isUnwanted = asked !== "as signed" || rule === undefined;
  const open = (bytes: Uint8Array, { payload, verify }: Opening) => {
    const named = Sha256.parse(digest(payload));
    const { revokedReleases } = world.root.document;
    const root = {
      ...world.root,
      document: { ...world.root.document, revokedReleases: [...revokedReleases, named] },
    };
    const expected = {
      release: asked === "another digest" ? Sha256.parse(digest(Buffer.from("another"))) : named,
      model: asked === "another model" ? other : model,
      deviceClass: world.deviceClass,
      ...(isSizeNamed ? { size: bytes.length + longer } : {}),
      floor: asked === "a higher floor" ? document.securityVersion + 1 : document.securityVersion,
    };
    const read = checkRelease(asked === "revoked" ? root : world.root, bytes, expected, verify);
    if (read.model !== model) throw new WrongResult("another model was read");
    return read;
  };
  const prepared: Prepared = {
    story: `release ${asked}${rule === undefined ? ", of no rule" : ""}, ${story}`,
    type: payloadTypes.release,
    document: { ...document, ...members },
    optional: ["selfTest", "drift"],
    spots: ["compat", "limits", "io"],
    breaks: breaks || isUnwanted,
    rosters: [rule ?? { members: world.rosters.online.members, threshold: 1 }],
    open: (bytes, by) => {
      open(bytes, by);
    },
  };
  return { prepared, model, open };
}

function makeRelease(world: World, random: Random, model: string) {
  const files = ["model.onnx", "golden.json", "b/Profile_1.json", "a/x/y/z.bin"]
    .slice(0, 1 + random.below(4))
    .map((path) => ({ path, size: 1 + random.below(2 ** 32), sha256: digest(Buffer.from(path)) }));
  const tensor = { dtype: pick(random, ["float32", "int8"]), shape: [1, pick(random, [-1, 10])] };
  const classes = pick(random, [["*"], [world.deviceClass], ["other", world.deviceClass]]);
  return {
    type: "release",
    spec: 1,
    fleet: world.root.document.fleet,
    model,
    version: pick(random, ["0.0.0", "2.3.0", "10.0.1-rc.1"]),
    securityVersion: pick(random, [0, 4, random.below(1_000), 2 ** 53 - 2]),
    createdAt: formatTimestamp(world.nowMs),
    format: "onnx",
    entry: "model.onnx",
    files,
    digest: filesDigest(files),
    compat: { classes, runtime: "onnxruntime>=1.20", minMemoryMiB: 1 + random.below(1_000) },
    io: { inputs: [{ name: "x", ...tensor }], outputs: [{ name: "y", ...tensor }] },
    limits: { memoryMiB: 64 + random.below(900), loadMs: 20_000, inferMs: 1 + random.below(500) },
    ...(files.length > 1 ? { selfTest: { file: "golden.json" } } : {}),
    ...(files.length > 2 ? { drift: { baseline: "b/Profile_1.json" } } : {}),
  };
}

export type ReleaseDraft = ReturnType<typeof makeRelease>;

/** By ossf/model-signing-spec: the raw digests, in the order of the paths. */
export function filesDigest(
  files: readonly { readonly path: string; readonly sha256: string }[],
): string {
  const byPath = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const sorted = [...byPath.keys()].sort();
  return digest(Buffer.from(sorted.map((path) => byPath.get(path)).join(""), "hex"));
}
