import {
  DesiredDocument,
  type DesiredModel,
  type DeviceId,
  documentLimits,
  type FleetId,
  formatTimestamp,
} from "@modelfleet/protocol";

/** What a desired document is made of. */
export interface DesiredPlan {
  readonly fleet: FleetId;
  readonly device: DeviceId;
  readonly seq: number;
  readonly rootVersion: number;
  readonly nowMs: number;
  /** The device's challenge, base64; absent in a document that answers nobody. */
  readonly nonce?: string;
  readonly models: readonly DesiredModel[];
}

/**
 * The full list of what one device should run, fresh for `documentLimits.desiredLifeMsDefault`.
 * Slots are in order of their name, so the same wish has the same bytes but for seq and times.
 */
export function assembleDesired(plan: DesiredPlan): DesiredDocument {
  const { nowMs, nonce, models, ...identity } = plan;
  return DesiredDocument.parse({
    type: "desired",
    spec: 1,
    ...identity,
    issuedAt: formatTimestamp(nowMs),
    expires: formatTimestamp(nowMs + documentLimits.desiredLifeMsDefault),
    ...(nonce === undefined ? {} : { nonce }),
    models: models.toSorted((left, right) => (left.slot < right.slot ? -1 : 1)),
  });
}

/**
 * Sequence of the next document: above the stored one, and above what the device says it holds, so a controller
 * restored from an old backup is not locked out (trust.md 5).
 *
 * @throws RangeError when the counter is used up
 */
export function nextDesiredSeq(storedSeq: number, reportedSeq: number): number {
  const next = Math.max(storedSeq, reportedSeq) + 1;
  if (!Number.isSafeInteger(next))
    throw new RangeError(`expected a sequence below 2^53, got ${next}`);
  return next;
}
