import * as z from "zod";
import { ModelName, ReleaseVersion, Sha256, SlotName } from "../units.ts";

/**
 * Why a device did not keep a release: stable strings (agent.md 2, cases.md).
 * Everything before `GOLDEN_MISMATCH` is known before the model has answered anything.
 */
export const RefusalCode = z.enum([
  "SIGNATURE",
  "DIGEST",
  "FORMAT",
  "INCOMPATIBLE_TARGET",
  "INCOMPATIBLE_SIGNATURE",
  "UNSUPPORTED_RUNTIME",
  "UNSUPPORTED_OPSET",
  "EXTERNAL_DATA",
  "INSUFFICIENT_MEMORY",
  "NO_SPACE",
  "DOWNLOAD_FAILED",
  "LOAD_FAILED",
  "LOAD_TIMEOUT",
  "WARMUP_TIMEOUT",
  "GOLDEN_MISMATCH",
  "GOLDEN_SLOW",
  "NON_FINITE",
  "RUNNER_CRASH",
  /** The shadow disagreed with the live release, or was too slow, or the canary failed. */
  "REHEARSAL_FAILED",
  "DEFERRED",
  /** An application of the device said no to it. */
  "CONSENT_DENIED",
  "ROLLED_BACK",
  "STORE_FAILED",
  "FLOOR",
  "REVOKED",
]);
export type RefusalCode = z.infer<typeof RefusalCode>;

/** A release as a device names it. */
export const ReleaseReference = z.object({
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
});
export type ReleaseReference = z.infer<typeof ReleaseReference>;

/** What runs in one slot, as the device proved it. */
export const SlotReport = z.object({
  slot: SlotName,
  active: ReleaseReference.nullable(),
  previous: ReleaseReference.nullable(),
  trial: ReleaseReference.nullable(),
  refused: z
    .array(z.object({ release: Sha256, code: RefusalCode, detail: z.string().max(512) }))
    .max(8),
});
export type SlotReport = z.infer<typeof SlotReport>;
