import { benjaminiHochberg, chiSquare, driftLimits, psi } from "@modelfleet/protocol";
import { chiSquareGate } from "../chi-square-gate.ts";

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
  /** The worst first; at most `driftLimits.outlierDevicesMax`. */
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
 * Tells a broken device from a changed world: the devices of a cohort that are unlike their peers in size (PSI less what
 * noise makes of it) and beyond chance among all devices tested, and whether the cohort drifts without them. The worst is
 * taken out before the others are looked at again, for it makes them look unlike their peers, too.
 *
 * @param devices of one cohort; those of fewer than `driftLimits.deviceSamplesMin` items are peers only
 */
export function findOutliers<Device extends string>(
  devices: readonly DeviceCounts<Device>[],
  { reference, threshold }: CohortReference,
): DeviceSearch<Device> {
  let rest = devices.map(({ device, counts }) => ({ device, counts: counts.map(notNegative) }));
  const outliers: Outlier<Device>[] = [];
  while (outliers.length < driftLimits.outlierDevicesMax) {
    const worst = worstOf(rest, reference);
    if (worst === undefined) break;
    outliers.push({ device: worst.device, psi: worst.psi, items: worst.items });
    rest = rest.filter(({ device }) => device !== worst.device);
  }
  const isExplained = outliers.length > 0 && psi(reference, sumOf(rest)) < threshold;
  return { outliers, cause: isExplained ? "devices" : "cohort" };
}

interface Compared<Device extends string> extends Outlier<Device> {
  readonly gate: number;
  readonly pValue: number;
  /** PSI above what noise alone makes on average. */
  readonly excess: number;
  /** From the reference than the others are: of two that differ, one may be right. */
  readonly isFurther: boolean;
}

function worstOf<Device extends string>(
  devices: readonly DeviceCounts<Device>[],
  reference: readonly number[],
): Compared<Device> | undefined {
  const all = sumOf(devices);
  const compared = devices.flatMap((device) => against(device, { all, reference }));
  const stands = benjaminiHochberg(
    compared.map(({ pValue }) => pValue),
    driftLimits.falseDiscoveryShare,
  );
  return compared
    .filter(({ psi: index, gate, excess, isFurther }, i) => {
      const isLarge = excess >= driftLimits.psiAlert && index >= gate;
      return isLarge && isFurther && stands[i] === true;
    })
    .reduce<Compared<Device> | undefined>(
      (most, next) => (most === undefined || next.excess > most.excess ? next : most),
      undefined,
    );
}

function against<Device extends string>(
  { device, counts }: DeviceCounts<Device>,
  { all, reference }: { readonly all: readonly number[]; readonly reference: readonly number[] },
): readonly Compared<Device>[] {
  const items = totalOf(counts);
  const peers = all.map((count, bin) => count - (counts[bin] ?? 0));
  const peerItems = totalOf(peers);
  if (items < driftLimits.deviceSamplesMin || peerItems < driftLimits.deviceSamplesMin) return [];
  const places = poolsOf(peers, peerItems / items);
  const [theirs, its] = [pooled(peers, places), pooled(counts, places)];
  const { pValue, degreesOfFreedom } = chiSquare(theirs, its);
  if (degreesOfFreedom === 0) return [];
  const noise = 1 / items + 1 / peerItems;
  const index = psi(theirs, its);
  return [
    {
      ...{ device, items, psi: index, pValue },
      gate: chiSquareGate(degreesOfFreedom) * noise,
      excess: index - degreesOfFreedom * noise,
      isFurther: psi(reference, counts) > psi(reference, peers),
    },
  ];
}

/** Items that the peers let expect in a bin at least, so that the laws of χ² and PSI hold (Cochran 1954). */
const EXPECTED_MIN = 5;

/** The pool of each bin: neighbours are joined until the device can be expected to have something there. */
function poolsOf(peers: readonly number[], peersPerItem: number): readonly number[] {
  let [pool, expected] = [0, 0];
  return peers.map((count) => {
    if (expected >= EXPECTED_MIN) {
      pool++;
      expected = 0;
    }
    expected += count / peersPerItem;
    return pool;
  });
}

function pooled(counts: readonly number[], pools: readonly number[]): readonly number[] {
  const sums = new Array<number>((pools.at(-1) ?? 0) + 1).fill(0);
  for (const [bin, count] of counts.entries()) {
    const pool = pools[bin] ?? 0;
    sums[pool] = (sums[pool] ?? 0) + count;
  }
  return sums;
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
