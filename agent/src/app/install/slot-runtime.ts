import { type DesiredModel, runnerLimits, type Sha256, type SlotName } from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import type { Failure } from "../../domain/install/failure.ts";
import { FIRST_ATTEMPT } from "../../domain/install/transitions.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rehearsal } from "../../ports/rehearsal.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";

const restartPause = {
  delayMsMin: runnerLimits.restartDelayMsMin,
  delayMsMax: runnerLimits.restartDelayMsMax,
};

/** Nobody answers in a slot, so that memory suffices for another release. */
export interface Gap {
  readonly release: Sha256;
  readonly sinceMs: number;
}

/** A gap that is over. */
export interface EndedGap {
  /** The release it was made for, whether that one serves now or not. */
  readonly release: Sha256;
  readonly gapMs: number;
}

export interface DistrustedTrial {
  readonly release: Sha256;
  readonly failure: Failure;
}

/** Whether the release that is ready is rehearsed. `told`: the stage that the controller knows of. */
export type RehearsalState =
  | { readonly kind: "due" }
  | { readonly kind: "none" }
  | {
      readonly kind: "running";
      readonly rehearsal: Rehearsal;
      readonly told: ReturnType<Rehearsal["stage"]>;
    };

type Attempt = Pick<DesiredModel, "release" | "attempt">;

/**
 * The processes of one slot and how they fare; gone with the agent, rebuilt from the state record.
 *
 * 1. `serving` answers. `standby` is the confirmed release while a trial serves. `ready` is proven and waits.
 * 2. A process that ends by itself is noted once: a trial's end fails the trial, the active one's is restarted after a
 *    growing pause, after `restartsInRowMax` ends in a row it counts as broken if there is another release to run.
 */
export class SlotRuntime {
  readonly slot: SlotName;
  serving: LoadedModel | null = null;
  standby: LoadedModel | null = null;
  ready: LoadedModel | null = null;
  /** Of the release that is, or a moment ago was, `ready`. */
  rehearsal: RehearsalState = { kind: "none" };
  broken: Failure | null = null;
  crash: string | null = null;
  servingSinceMs = 0;
  /** Why the root of today does not trust a release on trial. */
  distrusted: DistrustedTrial | null = null;
  /** The previous release did not start in place of a revoked one; not tried again before another change. */
  isIrreplaceable = false;
  gap: Gap | null = null;
  /** A step is at work that stops one release for another; when it is over, one of them answers or has to be restored. */
  isSwappingInPlace = false;
  lastGap: EndedGap | null = null;
  /** The start of the release on trial was given back: it is proven and only waits. */
  isStartRefunded = false;
  #toldWait: string | undefined;
  readonly #clock: Clock;
  readonly #changed: () => void;
  /** Why processes ended: one that ends while a step has it in hand is nobody's yet. */
  readonly #ends = new WeakMap<LoadedModel, string>();
  #endsInRow = 0;
  #restoreAtMs = 0;

  constructor(slot: SlotName, clock: Clock, changed: () => void) {
    this.slot = slot;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Every process of this slot. */
  running(): readonly LoadedModel[] {
    return [this.serving, this.standby, this.ready].filter((model) => model !== null);
  }

  /** From here on its end is noticed. */
  watch(model: LoadedModel): void {
    void model.exited.then((reason) => this.#ended(model, reason));
  }

  began(model: LoadedModel): void {
    this.serving = model;
    this.crash = this.#ends.get(model) ?? null;
    this.broken = null;
    this.isIrreplaceable = false;
    this.servingSinceMs = this.#clock.monotonicMs();
    if (this.gap === null) return;
    const { release, sinceMs } = this.gap;
    this.lastGap = { release, gapMs: Math.round(this.servingSinceMs - sinceMs) };
    this.gap = null;
  }

  servesRelease(): Sha256 | null {
    return this.serving?.staged.release ?? null;
  }

  /** Whether the controller knows that this attempt of the release waits, and for what. */
  isTold(wanted: Attempt, { detail }: { readonly detail: string }): boolean {
    return this.#toldWait === toldAs(wanted, detail);
  }

  noteTold(wanted: Attempt, { detail }: { readonly detail: string }): void {
    this.#toldWait = toldAs(wanted, detail);
  }

  /** Whether a window or a lock is what the controller was told last of what the release waits for. */
  hasToldWait(): boolean {
    return this.#toldWait !== undefined;
  }

  /** Another trial begins, or something else is told that it waits for. */
  forgetTold(): void {
    this.#toldWait = undefined;
  }

  restoreInMs(): number {
    return Math.max(0, Math.ceil(this.#restoreAtMs - this.#clock.monotonicMs()));
  }

  endsInRow(): number {
    return this.#endsInRow;
  }

  /** Restarting did not help, and there is another release to run instead. */
  isHopeless(hasPrevious: boolean): boolean {
    return hasPrevious && this.#endsInRow > runnerLimits.restartsInRowMax;
  }

  /** A start of the active release failed, or its process ended. */
  noteEnd(): void {
    const pauseMs = backoffMs(restartPause, this.#endsInRow, this.#clock.chance());
    // The first restart is immediate: most ends are single events.
    this.#restoreAtMs = this.#clock.monotonicMs() + (this.#endsInRow === 0 ? 0 : pauseMs);
    this.#endsInRow += 1;
  }

  noteReplaced(): void {
    this.#endsInRow = 0;
    this.#restoreAtMs = 0;
    this.broken = null;
  }

  #ended(model: LoadedModel, reason: string): void {
    this.#ends.set(model, reason);
    if (this.standby === model) this.standby = null;
    if (this.ready === model) this.ready = null;
    if (this.serving === model) this.crash = reason;
    this.#changed();
  }

  /** How long the serving process has been up. */
  servedMs(): number {
    return this.#clock.monotonicMs() - this.servingSinceMs;
  }

  /** The active release's process is gone: forget it, and say when to try again. */
  dropEnded(): void {
    if (this.servedMs() >= runnerLimits.restartDelayMsMax) this.#endsInRow = 0;
    this.serving = null;
    this.crash = null;
    this.noteEnd();
  }
}

function toldAs({ release, attempt = FIRST_ATTEMPT }: Attempt, detail: string): string {
  return `${release} ${attempt} ${detail}`;
}
