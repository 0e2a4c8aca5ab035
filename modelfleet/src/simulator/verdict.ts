import type { DeviceId, ExecutionState, Sha256 } from "@modelfleet/protocol";

/** The last line of a simulation. */
export interface SimulationResult {
  readonly devices: number;
  readonly confirmed: number;
  /** Failed, rejected, or gone back by themselves. */
  readonly failed: number;
  readonly timedOut: number;
  /** Orders that went out for the first time after the rollout was halted. */
  readonly offersAfterHalt: number;
  /** Devices of which the controller knows something else than they run, or that never got an order they should have got. */
  readonly lost: number;
  /** Transitions that were written down twice. */
  readonly duplicated: number;
  readonly seconds: number;
}

/** One device at the end. */
export interface FinalDevice {
  readonly device: DeviceId;
  /** What the controller thinks it is. */
  readonly state: ExecutionState;
  /** What the controller thinks it serves. */
  readonly known: Sha256 | null;
  /** What it serves. */
  readonly serves: Sha256 | null;
}

/** One transition as it was written down, in the order of the log. */
export interface Transition {
  readonly device: string;
  readonly from: string;
  readonly to: string;
}

/** How the rollout ended. */
export interface RolloutEnd {
  readonly release: Sha256;
  /** Nothing more will be offered. */
  readonly isOver: boolean;
}

const underWay: readonly ExecutionState[] = [
  "offered",
  "accepted",
  "downloading",
  "downloaded",
  "waiting",
  "warming",
  "shadowing",
  "activated",
  "reverting",
];
/** Of these the controller claims that the release does not serve. */
const without: readonly ExecutionState[] = ["failed", "rejected", "rolled-back"];

/** Why a device counts as lost; undefined: it does not. */
export function lossOf(
  { state, known, serves }: FinalDevice,
  { release, isOver }: RolloutEnd,
): string | undefined {
  if (known !== serves) return "the controller knows something else than it serves";
  if (state === "succeeded" && serves !== release) return "confirmed, and serves something else";
  if (without.includes(state) && serves === release) return `${state}, and serves the release`;
  if (underWay.includes(state)) return `still ${state} although it has nothing left to say`;
  if (isOver && (state === "queued" || state === "straggler")) return "never got its order";
  return undefined;
}

/**
 * Follows what was written down of each device. A transition begins where the one before has ended: one that does not
 * was made twice, or on top of another.
 */
export class TransitionTrail {
  readonly #at = new Map<string, string>();
  #isHalted = false;
  duplicated = 0;
  /** Orders that were written down between a halt and the word of a person that ended it. */
  offersAfterHalt = 0;

  halted(): void {
    this.#isHalted = true;
  }

  resumed(): void {
    this.#isHalted = false;
  }

  add({ device, from, to }: Transition): void {
    const before = this.#at.get(device);
    if (before !== undefined && before !== from) this.duplicated += 1;
    if (this.#isHalted && to === "offered") this.offersAfterHalt += 1;
    this.#at.set(device, to);
  }

  /** Where the log leaves a device; undefined: it says nothing of it. */
  endOf(device: string): string | undefined {
    return this.#at.get(device);
  }
}
