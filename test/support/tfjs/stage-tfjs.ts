import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { modelDigest, ReleaseDocument, ReleasePath, Sha256 } from "@modelfleet/protocol";
import type { StagedRelease } from "../../../agent/src/ports/runner-host.ts";
import { fixtureFleet } from "../trust-fixtures.ts";
import type { TfjsModel } from "./tfjs-model.ts";

export type TfjsRelease = TfjsModel & {
  readonly golden?: unknown;
  readonly runtime?: string;
};

/** A release of a TensorFlow.js model as the store hands it to a runner; on disk its files have no names of their own. */
export async function stageTfjs(folder: string, staged: TfjsRelease): Promise<StagedRelease> {
  const { golden, io, runtime = "tfjs>=4.0" } = staged;
  const files = new Map(staged.files);
  if (golden !== undefined) files.set("golden.json", Buffer.from(JSON.stringify(golden)));
  const listed = [...files].map(([path, bytes]) => ({
    path: ReleasePath.parse(path),
    size: bytes.length,
    sha256: Sha256.parse(createHash("sha256").update(bytes).digest("hex")),
  }));
  const document = ReleaseDocument.parse({
    type: "release",
    spec: 1,
    fleet: fixtureFleet,
    createdAt: "2026-11-01T00:00:00Z",
    model: "digits",
    version: "1.0.0",
    securityVersion: 0,
    format: "tfjs",
    entry: "model.json",
    compat: { classes: ["*"], runtime, minMemoryMiB: 64 },
    limits: { memoryMiB: 256, loadMs: 20_000, inferMs: 10_000 },
    ...(golden === undefined ? {} : { selfTest: { file: "golden.json" } }),
    files: listed,
    digest: modelDigest(listed),
    io,
  });
  const release = Sha256.parse(createHash("sha256").update(JSON.stringify(document)).digest("hex"));
  const home = join(folder, `release-${release.slice(0, 12)}`);
  await mkdir(home, { recursive: true });
  const paths = new Map<string, string>();
  for (const { path, sha256 } of listed) {
    paths.set(path, join(home, sha256));
    await writeFile(join(home, sha256), files.get(path) ?? "");
  }
  return { release, document, files: paths };
}
