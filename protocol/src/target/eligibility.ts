import { checkDevice } from "./check-device.ts";
import { checkRoom } from "./check-room.ts";
import { checkRuntime } from "./check-runtime.ts";
import type { Declared } from "./declared.ts";
import type { DeviceFacts } from "./facts.ts";
import { type Reason, reason } from "./reason.ts";
import type { Requirements } from "./requirements.ts";

/** The decision about one device and one release. */
export type Eligibility = {
  readonly eligible: boolean;
  /** Index of the first variant that fits; null unless eligible. */
  readonly variant: number | null;
  /** Empty when eligible; else everything that stands in the way, so that one look is enough. */
  readonly reasons: readonly Reason[];
};

/**
 * Whether a device may be given a release, and which form of it. The controller asks before it plans, and
 * the agent asks again before it fetches, because facts change in between.
 *
 * 1. What is declared sets ceilings and names what is known to fail; it never proves anything.
 * 2. What is reported was proved on the device.
 * 3. What is required comes from the signed release. The first variant that fits wins.
 */
export function decideEligibility(
  declared: Declared,
  reported: DeviceFacts,
  required: Requirements,
): Eligibility {
  const { target, runtimes, hold, io } = declared;
  const held = hold === undefined ? [] : [reason("HELD", "a device that is not on hold", hold)];
  if (target === null || target.class === "mcu") {
    return refused([...held, reason("TARGET_UNKNOWN", "a known target", reported.target)]);
  }
  const ofDevice = [...held, ...checkDevice({ target, io }, reported, required)];
  const ofVariants = required.variants.map((variant) => [
    ...checkRoom(target, reported, variant),
    ...checkRuntime({ target, runtimes, reported }, variant),
  ]);
  const fits = ofVariants.findIndex((reasons) => reasons.length === 0);
  if (fits < 0) return refused([...ofDevice, ...distinct(ofVariants.flat())]);
  if (ofDevice.length > 0) return refused(ofDevice);
  return { eligible: true, variant: fits, reasons: [] };
}

function refused(reasons: readonly Reason[]): Eligibility {
  return { eligible: false, variant: null, reasons };
}

function distinct(reasons: readonly Reason[]): readonly Reason[] {
  const seen = new Map(reasons.map((entry) => [JSON.stringify(entry), entry]));
  return [...seen.values()];
}
