import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReleaseDocument, Sha256 } from "@modelfleet/protocol";
import type { StagedRelease } from "../../../agent/src/ports/runner-host.ts";
import { fixtureFleet } from "../trust-fixtures.ts";

export type StagedModel = {
  readonly onnx: Uint8Array;
  readonly io: { readonly inputs: readonly object[]; readonly outputs: readonly object[] };
  readonly model?: string;
  readonly version?: string;
  /** Content of the golden file; without it the release brings none. */
  readonly golden?: unknown;
  readonly limits?: Partial<{ loadMs: number; inferMs: number; memoryMiB: number }>;
  /** `swap`, `serving` and `sequence` of its release. */
  readonly policies?: object;
};

/** A dense network's contract: `x` [N, inputs] to `y` [N, outputs]. */
export function denseContract(inputs: number, outputs: number): StagedModel["io"] {
  return {
    inputs: [{ name: "x", dtype: "float32", shape: [-1, inputs] }],
    outputs: [{ name: "y", dtype: "float32", shape: [-1, outputs] }],
  };
}

/** A release as the store hands it to a runner: its files on disk, its document, no signature. */
export async function stageModel(folder: string, staged: StagedModel): Promise<StagedRelease> {
  const release = Sha256.parse(
    hash(JSON.stringify([staged.model, staged.version, hash(staged.onnx)])),
  );
  const home = join(folder, `release-${release.slice(0, 12)}`);
  await mkdir(home, { recursive: true });
  const paths = { entry: join(home, "entry"), golden: join(home, "golden") };
  await writeFile(paths.entry, staged.onnx);
  await writeFile(paths.golden, JSON.stringify(staged.golden ?? null));
  const document = ReleaseDocument.parse(documentOf(staged));
  return {
    release,
    document,
    files: new Map([
      ["model.onnx", paths.entry],
      ["golden.json", paths.golden],
    ]),
  };
}

function documentOf({ onnx, io, model, version, golden, limits, policies }: StagedModel): object {
  return {
    type: "release",
    spec: 1,
    fleet: fixtureFleet,
    createdAt: "2026-11-01T00:00:00Z",
    model: model ?? "digits",
    version: version ?? "1.0.0",
    securityVersion: 0,
    format: "onnx",
    entry: "model.onnx",
    compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
    limits: { memoryMiB: 256, loadMs: 20_000, inferMs: 10_000, ...limits },
    ...(golden === undefined ? {} : { selfTest: { file: "golden.json" } }),
    files: [{ path: "model.onnx", size: Math.max(1, onnx.length), sha256: hash(onnx) }],
    digest: hash(onnx),
    io,
    ...policies,
  };
}

function hash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
