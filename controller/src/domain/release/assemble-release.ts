import {
  documentLimits,
  encodePayload,
  type FleetId,
  formatTimestamp,
  modelDigest,
  ReleaseDocument,
  type ReleaseFile,
  type ReleaseManifest,
} from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";
import { type FoundIo, resolveIo } from "./resolve-io.ts";

/** What the model file says of itself; operator set and format version are those of ONNX. */
export interface ModelScan extends FoundIo {
  readonly opset?: number;
  readonly ir?: number;
}

/** Everything a release document is made of. */
export interface ReleaseParts {
  readonly manifest: ReleaseManifest;
  readonly files: readonly ReleaseFile[];
  /** What the scan found in the entry file. */
  readonly scan: ModelScan;
  readonly fleet: FleetId;
  readonly nowMs: number;
}

/**
 * The document of a release: what its publisher wrote, and what was measured on its files. Files are sorted by path.
 *
 * @throws PublishError MODEL_FORMAT when the model's inputs or outputs cannot be described
 * @throws PublishError SIZE when the document is too long to be signed
 */
export function assembleRelease(parts: ReleaseParts): ReleaseDocument {
  const { manifest, scan, fleet, nowMs } = parts;
  const files = [...parts.files].sort((left, right) => (left.path < right.path ? -1 : 1));
  const document = ReleaseDocument.safeParse({
    ...manifest,
    type: "release",
    spec: 1,
    fleet,
    createdAt: formatTimestamp(nowMs),
    files,
    digest: modelDigest(files),
    compat: { ...manifest.compat, opset: scan.opset, ir: scan.ir },
    io: resolveIo(scan, manifest.io),
  });
  if (document.success) return signable(document.data);
  const issue = document.error.issues[0];
  throw new PublishError(
    "MODEL_FORMAT",
    `expected a model that fits a release document, got ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "?"}`,
  );
}

function signable(document: ReleaseDocument): ReleaseDocument {
  const bytes = encodePayload(document).length;
  if (bytes <= documentLimits.payloadBytesMax) return document;
  throw new PublishError(
    "SIZE",
    `expected a release document of at most ${documentLimits.payloadBytesMax} bytes, got ${bytes}: use fewer files, or shorter names of files and tensors`,
  );
}

/** Whether two documents are the same release but for the moment of publishing and the order of fields. */
export function isSameRelease(left: ReleaseDocument, right: ReleaseDocument): boolean {
  return comparable(left) === comparable(right);
}

function comparable(document: ReleaseDocument): string {
  return JSON.stringify(sortKeys({ ...document, createdAt: null }));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
