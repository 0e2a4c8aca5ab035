import {
  blobLimits,
  GoldenFile,
  ReferenceProfile,
  type ReleaseDocument,
  type ReleasePath,
  type Schema,
} from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";
import { checkGolden } from "../../domain/release/check-golden.ts";
import { checkProfile } from "../../domain/release/check-profile.ts";
import type { StagedBlob } from "../../ports/blob-store.ts";
import { readJson } from "./read-json.ts";

/** Files by path, read at any place: of an upload, or of a folder. */
export type Files = ReadonlyMap<
  string,
  { readonly path: ReleasePath; readonly blob: ReadableFile }
>;

export type ReadableFile = Pick<StagedBlob, "sha256" | "sizeBytes" | "readAt">;

/** Whether the golden cases and the profile belong to the model they came with. @throws PublishError GOLDEN | PROFILE */
export function checkCompanions(files: Files, document: ReleaseDocument): void {
  const { selfTest, drift, io } = document;
  if (selfTest !== undefined) {
    checkGolden(readWhole(files, selfTest.file, { schema: GoldenFile, code: "GOLDEN" }), io);
  }
  if (drift !== undefined) {
    checkProfile(
      readWhole(files, drift.baseline, { schema: ReferenceProfile, code: "PROFILE" }),
      io,
    );
  }
}

const bytesMaxOf = {
  GOLDEN: blobLimits.goldenBytesMax,
  PROFILE: blobLimits.profileBytesMax,
} as const;

function readWhole<T>(
  files: Files,
  name: string,
  { schema, code }: { readonly schema: Schema<T>; readonly code: "GOLDEN" | "PROFILE" },
): T {
  const blob = fileAt(files, name);
  const bytesMax = bytesMaxOf[code];
  if (blob.sizeBytes > bytesMax) {
    throw new PublishError(
      "SIZE",
      `file ${name}: expected at most ${bytesMax} bytes, got ${blob.sizeBytes}`,
    );
  }
  return readJson(blob.readAt(0, blob.sizeBytes), { name, schema, bytesMax, code });
}

function fileAt(files: Files, path: string): ReadableFile {
  const file = files.get(path);
  if (file === undefined) throw new RangeError(`expected ${path} among the checked files`);
  return file.blob;
}
