import * as z from "zod";
import { blobLimits, captureLimits, documentLimits } from "../limits.ts";
import { TensorSpec } from "../model/tensor-spec.ts";
import {
  Counter,
  DeviceClass,
  FleetId,
  ModelName,
  ReleasePath,
  ReleaseVersion,
  Sha256,
  Timestamp,
} from "../units.ts";
import { SequencePolicy, ServingPolicy, SwapPolicy } from "./serving-policy.ts";

/** A file of a release, named by its digest; the path is a label (protocol.md 1.4.8, 5.1). */
export const ReleaseFile = z.object({
  path: ReleasePath,
  /** Bytes; the file is exactly this long. */
  size: z.int().min(1).max(blobLimits.blobBytesMax),
  sha256: Sha256,
});
export type ReleaseFile = z.infer<typeof ReleaseFile>;

/** What a release needs of a device; see the decision function in `target/`. */
export const ReleaseCompat = z.object({
  /** Device classes; `*` is every class. */
  classes: z
    .array(z.union([z.literal("*"), DeviceClass]))
    .min(1)
    .max(64),
  /** `onnxruntime>=1.20`; the runtime family and its lowest version. */
  runtime: z.string().regex(/^[a-z]+>=\d+\.\d+$/, "expected a runtime like onnxruntime>=1.20"),
  minMemoryMiB: z.int().min(1).max(1_048_576),
  /** Highest operator-set and intermediate-representation version in the file, filled in from the scan. */
  opset: z.int().min(1).optional(),
  ir: z.int().min(1).optional(),
});
export type ReleaseCompat = z.infer<typeof ReleaseCompat>;

/** What a device grants the release: resident memory, and the time of a load and of one answer. */
export const ReleaseLimits = z.object({
  memoryMiB: z.int().min(64).max(1_048_576),
  loadMs: z.int().min(100).max(600_000),
  inferMs: z.int().min(1).max(600_000),
});
export type ReleaseLimits = z.infer<typeof ReleaseLimits>;

/** What a model takes and gives. */
export const ModelIo = z.object({
  inputs: z.array(TensorSpec).min(1).max(64),
  outputs: z.array(TensorSpec).min(1).max(64),
});
export type ModelIo = z.infer<typeof ModelIo>;

/** The last character but the padding has two bits over, which are zero: one key has one text. */
const base64Of32Bytes = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** What a device may keep of what it sees, beside sketches (telemetry.md 2.8). The device has to consent as well. */
export const CapturePolicy = z.object({
  /** Names what is captured under it, so that it can be deleted by it. */
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  /** Which requests; `drift`: while a detector on the device says so. */
  strategy: z.enum(["random", "low-confidence", "margin", "drift"]),
  /** Share of requests that is kept (random, drift); or what confidence or margin lies below. */
  level: z.number().gt(0).max(1),
  bytesPerDayMax: z.int().min(1).max(captureLimits.bytesPerDayMax),
  keepMs: z.int().min(60_000).max(captureLimits.keepMsMax),
  /** Tensors that are left out, by name. */
  redact: z.array(z.string().min(1).max(256)).max(64).optional(),
  /** X25519 public key of whoever may read it, in base64: it is sealed on the device. */
  recipient: z.string().regex(base64Of32Bytes, "expected an X25519 public key: 32 bytes in base64"),
});
export type CapturePolicy = z.infer<typeof CapturePolicy>;

/** What is measured of the release, and how much of it leaves the device. */
export const DriftPolicy = z.object({
  baseline: ReleasePath,
  /** `strict`: no bounds, which are values themselves (telemetry.md 2.8). `sketches` when absent. */
  privacy: z.enum(["sketches", "strict"]).optional(),
  /** Differential privacy: ε of each histogram of each window, by discrete Laplace noise. None when absent. */
  epsilon: z.number().gt(0).max(10).optional(),
  /** Slower than this may be one answer in twenty. Without it latency is not judged. */
  latencyMsMax: z.number().gt(0).max(600_000).optional(),
  capture: CapturePolicy.optional(),
});
export type DriftPolicy = z.infer<typeof DriftPolicy>;

/** What the publisher writes (`release.json`); the controller adds files, digest, io and fleet from the upload. */
export const ReleaseManifest = z.object({
  model: ModelName,
  version: ReleaseVersion,
  /** Anti-rollback floor: raise it to forbid going back below this release. */
  securityVersion: Counter,
  /** `tfjs`: `entry` is a `model.json` whose own `format` says layers or graph; the files it names are beside it. */
  format: z.enum(["onnx", "tfjs"]),
  entry: ReleasePath,
  /** Only where the model file does not say it: the outputs of a tfjs layers-model. What the file says must agree. */
  io: ModelIo.optional(),
  compat: ReleaseCompat,
  limits: ReleaseLimits,
  selfTest: z.object({ file: ReleasePath }).optional(),
  drift: DriftPolicy.optional(),
  swap: SwapPolicy.optional(),
  serving: ServingPolicy.optional(),
  sequence: SequencePolicy.optional(),
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;

/** Payload of a `release` document: one immutable signed version of a model (trust.md 4, protocol.md 1.4). */
export const ReleaseDocument = ReleaseManifest.extend({
  type: z.literal("release"),
  spec: z.literal(1),
  fleet: FleetId,
  createdAt: Timestamp,
  files: z.array(ReleaseFile).min(1).max(documentLimits.filesPerReleaseMax),
  /** OpenSSF model-signing root digest: SHA-256 over the raw file digests, files sorted by path. */
  digest: Sha256,
  io: ModelIo,
});
export type ReleaseDocument = z.infer<typeof ReleaseDocument>;
