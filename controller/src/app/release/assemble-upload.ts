import type { FleetId, ReleaseDocument, ReleaseManifest } from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";
import { assembleRelease, isSameRelease } from "../../domain/release/assemble-release.ts";
import { checkParts } from "../../domain/release/check-parts.ts";
import { checkCompanions, type Files } from "./inspect-upload.ts";
import { scanModel } from "./scan-model.ts";

/** What a release document is made from. */
export interface UploadedRelease {
  readonly manifest: ReleaseManifest;
  readonly files: Files;
  readonly fleet: FleetId;
  readonly nowMs: number;
}

/**
 * The document of these files, scanned and checked: the same here as where releases are signed without a controller.
 *
 * @throws PublishError FILES | MANIFEST | MODEL_FORMAT | GOLDEN | PROFILE | SIZE
 */
export function assembleUpload({
  manifest,
  files,
  fleet,
  nowMs,
}: UploadedRelease): ReleaseDocument {
  checkParts(manifest, new Set(files.keys()));
  const listed = [...files.values()].map(({ path, blob }) => ({
    path,
    size: blob.sizeBytes,
    sha256: blob.sha256,
  }));
  const scan = scanModel(files, manifest);
  const document = assembleRelease({ manifest, files: listed, scan, fleet, nowMs });
  checkCompanions(files, document);
  return document;
}

/** Whether the files are those somebody signed for. @throws PublishError FILES | MODEL_FORMAT */
export function refuseOtherFiles(signed: ReleaseDocument, found: ReleaseDocument): void {
  for (const { path, size, sha256 } of signed.files) {
    const file = found.files.find((candidate) => candidate.path === path);
    if (file?.size === size && file.sha256 === sha256) continue;
    throw new PublishError(
      "FILES",
      `file ${path}: expected the ${size} bytes that were signed (${sha256.slice(0, 16)}), got ${file === undefined ? "none" : `${file.size} others`}: publish the folder that was signed, or sign it again`,
    );
  }
  const extra = found.files.find(({ path }) => !signed.files.some((file) => file.path === path));
  if (extra !== undefined) {
    throw new PublishError("FILES", `expected only files that were signed, got ${extra.path} too`);
  }
  if (isSameRelease(signed, found)) return;
  throw new PublishError(
    "MODEL_FORMAT",
    "expected what was signed to be what the scan finds in the model, got other inputs, outputs or operator sets: sign it again with this version of modelfleet",
  );
}
