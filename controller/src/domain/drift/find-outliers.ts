import { benjaminiHochberg, chiSquare, driftLimits, psi } from "@modelfleet/protocol";
import { chiSquareGate } from "./chi-square-gate.ts";

/** What one device counted of a signal, over the same cells as its peers. */
export interface DeviceCounts<Device extends string = string> {
  readonly device: Device;
  /** Shape [bins]. */
  readonly counts: readonly number[];
}

/** A device unlike its peers. */
export interface Outlier<Device extends string = string> {
  readonly device: Device;
  /** To all the others of the cohort together. */
  readonly psi: number;
  readonly items: number;
}

/** Whose fault a cohort's drift is. */
export interface DeviceSearch<Device extends string = string> {
  /** Largest PSI first. */
  readonly outliers: readonly Outlier<Device>[];
  /** `devices`: without them the cohort is like its reference; `cohort`: it is not. */
  readonly cause: "devices" | "cohort";
}

/** What a cohort was held against. */
export interface CohortReference {
  readonly reference: readonly number[];
  /** PSI from which the cohort drifts. */
  readonly threshold: number;
}

/**
 * Tells a broken device from a changed world: the devices of a cohort that are unlike their peers in size (PSI) and beyond
 * chance among all devices tested, and whether the cohort drifts without them.
 *
 * @param devices of one cohort; those of fewer than `driftLimits.deviceSamplesMin` items are peers only
 */
export function findOutliers<Device extends string>(
  devices: readonly DeviceCounts<Device>[],
  { reference, threshold }: CohortReference,
): DeviceSearch<Device> {
  const peers = devices.map(({ device, counts }) => ({ device, counts: counts.map(notNegative) }));
  const all = sumOf(peers);
  const compared = peers.flatMap((device) => against(device, { all, reference }));
  const stands = benjaminiHochberg(
    compared.map(({ pValue }) => pValue),
    driftLimits.falseDiscoveryShare,
  );
  const outliers = compared
    .filter(
      ({ psi: index, gate, isFurther }, i) =>
        stands[i] === true && isFurther && index >= Math.max(gate, driftLimits.psiAlert),
    )
    .toSorted((left, right) => right.psi - left.psi);
  const named = new Set(outliers.map(({ device }) => device));
  const rest = sumOf(peers.filter(({ device }) => !named.has(device)));
  const isExplained = named.size > 0 && psi(reference, rest) < threshold;
  return {
    outliers: outliers.map(({ device, psi: index, items }) => ({ device, psi: index, items })),
    cause: isExplained ? "devices" : "cohort",
  };
}

interface Compared<Device extends string> extends Outlier<Device> {
  readonly gate: number;
  readonly pValue: number;
  /** From the reference than the others are: of two that differ, one may be right. */
  readonly isFurther: boolean;
}

function against<Device extends string>(
  { device, counts }: DeviceCounts<Device>,
  { all, reference }: { readonly all: readonly number[]; readonly reference: readonly number[] },
): readonly Compared<Device>[] {
  const items = totalOf(counts);
  const peers = all.map((count, bin) => count - (counts[bin] ?? 0));
  const peerItems = totalOf(peers);
  if (items < driftLimits.deviceSamplesMin || peerItems < driftLimits.deviceSamplesMin) return [];
  const { pValue, degreesOfFreedom } = chiSquare(peers, counts);
  if (degreesOfFreedom === 0) return [];
  const gate = chiSquareGate(degreesOfFreedom) * (1 / items + 1 / peerItems);
  const isFurther = psi(reference, counts) > psi(reference, peers);
  return [{ device, items, psi: psi(peers, counts), gate, pValue, isFurther }];
}

function sumOf(devices: readonly DeviceCounts[]): readonly number[] {
  const sums = new Array<number>(devices[0]?.counts.length ?? 0).fill(0);
  for (const { counts } of devices) {
    for (const [bin, count] of counts.entries()) sums[bin] = (sums[bin] ?? 0) + count;
  }
  return sums;
}

/** Noise may have left less than nothing. */
function notNegative(count: number): number {
  return Math.max(0, count);
}

function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
