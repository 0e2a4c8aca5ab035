import * as z from "zod";
import { documentLimits, rehearsalLimits } from "../limits.ts";
import { rolloutLimits } from "../rollout-limits.ts";
import { Counter, DeviceId, FleetId, ModelName, Sha256, SlotName, Timestamp } from "../units.ts";

/** A span of time: from its first moment up to its last, which is no longer in it. */
const ActivationSpan = z
  .tuple([Timestamp, Timestamp])
  .refine(([from, until]) => from < until, "expected a span that ends after it begins");

/** When a device may begin to serve a release: the next spans, in order and apart; none: never by this document. */
export const ActivationWindows = z.object({
  windows: z
    .array(ActivationSpan)
    .max(rolloutLimits.windowsAheadMax)
    .refine(areInOrder, "expected spans in order that do not overlap"),
});
export type ActivationWindows = z.infer<typeof ActivationWindows>;

/** What one slot should run. */
export const DesiredModel = z.object({
  slot: SlotName,
  model: ModelName,
  /** SHA-256 of the release document's payload bytes. */
  release: Sha256,
  /** Bytes of the release envelope. */
  size: z.int().min(1).max(documentLimits.envelopeBytesMax),
  /** When the device may begin to serve it (protocol.md 4.16). It is fetched and verified at once. */
  activate: z.union([z.literal("now"), ActivationWindows]),
  /** A release that was refused or rolled back is tried again with a higher one (protocol.md 4.5); 1 when absent. */
  attempt: Counter.min(1).optional(),
  /**
   * How long an application may put the swap off, in ms from the moment the release is proven on the device.
   * A length of time and not a date, so that a wrong clock does not change it (docs/decisions/0008).
   */
  deferMsMax: z.int().min(0).max(rehearsalLimits.deferMsMax).optional(),
});
export type DesiredModel = z.infer<typeof DesiredModel>;

/**
 * Payload of a `desired` document: everything one device should run (trust.md 5, protocol.md 1.5).
 * A slot that is not named keeps what it runs; a release that is not confirmed there is dropped (protocol.md 4.18).
 */
export const DesiredDocument = z.object({
  type: z.literal("desired"),
  spec: z.literal(1),
  fleet: FleetId,
  device: DeviceId,
  seq: Counter,
  rootVersion: Counter.min(1),
  issuedAt: Timestamp,
  expires: Timestamp,
  nonce: z.base64().length(24).optional(),
  models: z.array(DesiredModel).max(documentLimits.modelsPerDesiredMax),
});
export type DesiredDocument = z.infer<typeof DesiredDocument>;

function areInOrder(spans: readonly (readonly [string, string])[]): boolean {
  return spans.every(([from], index) => index === 0 || (spans[index - 1]?.[1] ?? from) < from);
}
