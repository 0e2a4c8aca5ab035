import * as z from "zod";
import {
  Counter,
  DeviceId,
  ModelName,
  ReleaseVersion,
  Sha256,
  SlotName,
  Timestamp,
} from "../units.ts";
import { RefusalCode, SlotReport } from "./release-state.ts";
import { TrustCondition } from "./trust-condition.ts";

/** Steps of one execution (a deployment on one device), in the order they happen. */
export const ReportStep = z.enum([
  "accepted",
  "downloading",
  "downloaded",
  "loading",
  "golden",
  /** The application asked for a later time; `durationMs` until it is asked again. */
  "deferred",
  /** Proven or not yet loaded, it waits for a `window` of its order or for a `lock` of this device; `detail` says which. */
  "waiting",
  "shadowed",
  "canaried",
  "activated",
  "confirmed",
  "refused",
  "rolled-back",
]);
export type ReportStep = z.infer<typeof ReportStep>;

/** One step of one execution; `code` and `detail` say why a release was refused or rolled back. */
export const ReportItem = z.object({
  slot: SlotName,
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
  step: ReportStep,
  code: RefusalCode.optional(),
  detail: z.string().max(512).optional(),
  /** Milliseconds this step took, where it took time. */
  durationMs: z.number().min(0).optional(),
});
export type ReportItem = z.infer<typeof ReportItem>;

/** `up/report`: signed by the device; key (device, boot, seq), applied only if newer (protocol.md 3). */
export const ReportMessage = z.object({
  type: z.literal("report"),
  spec: z.literal(1),
  device: DeviceId,
  boot: Counter,
  seq: Counter,
  /** With the first one of a boot: the last of an earlier boot, where that was still owed. */
  behind: z.object({ boot: Counter, seq: Counter }).optional(),
  issuedAt: Timestamp,
  clock: z.enum(["synced", "floor"]),
  desiredSeq: Counter,
  items: z.array(ReportItem).max(64),
  slots: z.array(SlotReport).max(16),
  /** Telemetry entries the outbox had to drop since the device enrolled. */
  dropped: Counter,
  ...TrustCondition.shape,
});
export type ReportMessage = z.infer<typeof ReportMessage>;
