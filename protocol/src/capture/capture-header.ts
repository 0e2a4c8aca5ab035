import * as z from "zod";
import { captureLimits } from "../limits.ts";
import { ElementType } from "../model/tensor-spec.ts";
import { CapturePolicy } from "../trust/release-document.ts";
import { DeviceId, ModelName, ReleaseVersion, Sha256, SlotName, UnixMs } from "../units.ts";

/** One tensor of a captured request; its bytes stand behind the header, in the order of the list. */
export const CapturedTensor = z.object({
  role: z.enum(["input", "output"]),
  name: z.string().min(1).max(256),
  dtype: ElementType,
  shape: z.array(z.int().min(0)).max(16),
  /** Row-major, little endian; BYTES elements are each a 4-byte length and the bytes. */
  bytes: z.int().min(0).max(captureLimits.recordBytesMax),
});
export type CapturedTensor = z.infer<typeof CapturedTensor>;

/** What a capture says of itself, sealed with it. */
export const CaptureHeader = z.object({
  spec: z.literal(1),
  policy: CapturePolicy.shape.id,
  strategy: CapturePolicy.shape.strategy,
  device: DeviceId,
  slot: SlotName,
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
  /** When it was answered, by the clock of the device. */
  atMs: UnixMs,
  /** Of the request, so that a label that comes later finds it. */
  id: z.string().max(256).optional(),
  /** Tensors that were left out. */
  redacted: z.array(z.string().max(256)).max(64),
  tensors: z.array(CapturedTensor).max(128),
});
export type CaptureHeader = z.infer<typeof CaptureHeader>;
