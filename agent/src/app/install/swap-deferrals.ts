import { rehearsalLimits, type Sha256, type SlotName } from "@modelfleet/protocol";
import {
  type Deferral,
  forcedAtMs,
  type Hold,
  judgeDeferral,
  type Waiting,
} from "../../domain/install/deferral.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeferralStatus, Deferrals, Denied, DueSwap, Holds } from "../../ports/deferral.ts";
import type { Log } from "../../ports/log.ts";

export interface SwapDeferralsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Log;
  /** An application said something. */
  readonly decided: () => void;
}

/** A swap that is due, or would be. */
interface DueNow extends Waiting {
  readonly release: Sha256;
  readonly attempt: number;
}

/** Somebody said no and waits until that is on disk. */
interface Denial extends Denied {
  readonly release: Sha256;
  /** @param isRefused false: the release began to serve, or something else became of it, before it could be refused */
  readonly decide: (isRefused: boolean) => void;
  readonly decided: Promise<boolean>;
}

/** Holds of applications and swaps that wait for them; in memory, for an application holds anew after a restart. */
export class SwapDeferrals implements Deferrals, Holds {
  readonly #parts: SwapDeferralsParts;
  readonly #holds = new Map<SlotName, Hold>();
  readonly #waiting = new Map<SlotName, DueNow>();
  /** One a slot, however often an application that has no answer yet says it again. */
  readonly #denials = new Map<SlotName, Denial>();

  constructor(parts: SwapDeferralsParts) {
    this.#parts = parts;
  }

  /** See the port. */
  defer(slot: SlotName, recheckAfterMs: number): DeferralStatus {
    const untilMs = this.#nowMs() + recheckAfterMs;
    const decision = (this.#holds.get(slot)?.decision ?? 0) + 1;
    this.#holds.set(slot, { untilMs, decision });
    const status = this.status(slot);
    const { waiting } = status;
    const event = { event: "swap.deferred", slot, recheckAfterMs, ...waiting };
    this.#parts.log.info(event, "an application puts swaps off");
    this.#parts.decided();
    return status;
  }

  /** See the port. */
  status(slot: SlotName): DeferralStatus {
    const nowMs = this.#nowMs();
    const deferredMs = remainingMs(this.#holds.get(slot)?.untilMs ?? 0, nowMs);
    const waiting = this.#waiting.get(slot);
    if (waiting === undefined) return { slot, deferredMs, waiting: null };
    const { release, sinceMs } = waiting;
    if (sinceMs === null) {
      return { slot, deferredMs, waiting: { release, waitedMs: 0, forcedInMs: null } };
    }
    const forcedInMs = remainingMs(forcedAtMs(waiting, nowMs), nowMs);
    return { slot, deferredMs, waiting: { release, waitedMs: nowMs - sinceMs, forcedInMs } };
  }

  /** See the port. */
  deny(slot: SlotName, release: Sha256, reason: string): Promise<boolean> {
    const waiting = this.#waiting.get(slot);
    if (waiting?.release !== release) return Promise.resolve(false);
    const event = { event: "swap.denied", slot, release, reason };
    this.#parts.log.info(event, "an application denies a release");
    const said = this.#denialOf(slot, release) ?? { release, reason, ...decision() };
    this.#denials.set(slot, { ...said, attempt: waiting.attempt });
    this.#parts.decided();
    return said.decided;
  }

  /** See the port. */
  judge(slot: SlotName, { release, attempt, boundMs, isHeldUp }: DueSwap): Deferral {
    const known = this.#waiting.get(slot);
    const waiting = known?.release === release ? known : this.#due(slot);
    const told = known?.attempt === attempt ? {} : this.#untold(slot);
    const sinceMs = waiting.sinceMs ?? (isHeldUp ? null : this.#nowMs());
    const bounded = { ...waiting, ...told, release, attempt, boundMs, sinceMs };
    this.#waiting.set(slot, bounded);
    const limits = { nowMs: this.#nowMs(), reportsMax: rehearsalLimits.deferReportsMax };
    return judgeDeferral(this.#holds.get(slot), bounded, limits);
  }

  /** See the port. */
  denied(slot: SlotName, release: Sha256): Denied | null {
    return this.#denialOf(slot, release) ?? null;
  }

  /** See the port. */
  told(slot: SlotName): string {
    const waiting = this.#waiting.get(slot);
    const decision = this.#holds.get(slot)?.decision ?? 0;
    if (waiting === undefined) return "";
    this.#waiting.set(slot, { ...waiting, toldDecision: decision, reports: waiting.reports + 1 });
    const nowMs = this.#nowMs();
    const forcedInMs = remainingMs(forcedAtMs(waiting, nowMs), nowMs);
    return `put off by an application, ${times(waiting, decision)}; it takes place in ${forcedInMs} ms at the latest`;
  }

  /** See the port. */
  ended(slot: SlotName): string | undefined {
    const waiting = this.#waiting.get(slot);
    this.#over(slot, false);
    const hold = this.#holds.get(slot);
    const sinceMs = waiting?.sinceMs ?? null;
    if (waiting === undefined || hold === undefined || sinceMs === null) return undefined;
    if (hold.untilMs <= sinceMs) return undefined;
    const nowMs = this.#nowMs();
    const text = `put off by an application for ${Math.round(nowMs - sinceMs)} ms`;
    if (hold.untilMs <= nowMs) return text;
    return `${text}, until the bound of ${waiting.boundMs} ms ended it`;
  }

  /** See the port. */
  refused(slot: SlotName): void {
    this.#over(slot, true);
  }

  #over(slot: SlotName, isRefused: boolean): void {
    this.#waiting.delete(slot);
    const denial = this.#denials.get(slot);
    this.#denials.delete(slot);
    denial?.decide(isRefused);
  }

  #denialOf(slot: SlotName, release: Sha256): Denial | undefined {
    const denial = this.#denials.get(slot);
    return denial?.release === release ? denial : undefined;
  }

  #due(slot: SlotName) {
    const untold = this.#untold(slot);
    return { sinceMs: null, decisionsBefore: untold.toldDecision, ...untold };
  }

  /** A hold that was said before counts as news of this swap, and of each attempt of it. */
  #untold(slot: SlotName) {
    const decision = this.#holds.get(slot)?.decision ?? 0;
    return { toldDecision: Math.max(0, decision - 1), reports: 0 };
  }

  #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }
}

function decision(): Pick<Denial, "decide" | "decided"> {
  let decide: Denial["decide"] = () => undefined;
  const decided = new Promise<boolean>((resolve) => {
    decide = resolve;
  });
  return { decide, decided };
}

function times({ decisionsBefore }: Waiting, decision: number): string {
  const count = decision - decisionsBefore;
  return count === 1 ? "once" : `${count} times`;
}

function remainingMs(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil(untilMs - nowMs));
}
