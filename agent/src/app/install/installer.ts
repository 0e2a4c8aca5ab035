import {
  type DesiredModel,
  isCodedError,
  mainSlot,
  type SlotName,
  type SlotReport,
  storeLimits,
  VerifyError,
} from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import { slotOf } from "../../domain/install/agent-state.ts";
import { isUrgent, type OnDisk, planStep, type Step } from "../../domain/install/plan-step.ts";
import { judgeProbation, type Verdict } from "../../domain/install/probation.ts";
import { slotReports } from "../../domain/install/slot-reports.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { createIntake, type Intake } from "./desired-intake.ts";
import { execute, isEndable } from "./executors.ts";
import type { InstallParts } from "./install-parts.ts";
import { isNewer, wantsOther } from "./peek-desired.ts";
import { SlotRuntime } from "./slot-runtime.ts";
import { Wake } from "./wake.ts";

const stepRetry = {
  delayMsMin: storeLimits.stepRetryMsMin,
  delayMsMax: storeLimits.stepRetryMsMax,
};

interface Planned {
  readonly step: Step;
  readonly slot: SlotName;
}

/**
 * The one loop that changes what this device runs.
 *
 * 1. One step at a time, over all slots; what keeps a working model in place comes first.
 * 2. Of the delivered documents only the newest counts, in whatever order they arrive. One that wants something else
 *    ends a download or load under way.
 * 3. Each accepted document is told once, also when it changes nothing: somebody may be waiting for it.
 * 4. A step that fails on a broken disk is tried again after a growing pause; nothing that serves is touched.
 */
export class Installer {
  readonly #parts: InstallParts;
  readonly #intake: Intake;
  readonly #wake: Wake;
  readonly #slots = new Map<SlotName, SlotRuntime>();
  #wanted: readonly DesiredModel[];
  #delivered: Uint8Array | null = null;
  /** Sequence of the document the controller knows this device to hold; the first one is in the hello. */
  #toldSeq: number;
  #endStep: AbortController | null = null;
  #failuresInRow = 0;

  constructor(parts: InstallParts, wanted: readonly DesiredModel[]) {
    this.#parts = parts;
    this.#intake = createIntake(parts);
    this.#wake = new Wake(parts.clock);
    this.#wanted = wanted;
    this.#toldSeq = parts.record.current().seq;
  }

  /** A desired document arrived; the newest wins. */
  deliver(bytes: Uint8Array): void {
    if (this.#delivered !== null && !isNewer(this.#parts, bytes, this.#delivered)) {
      const event = { event: "desired.passed-over" };
      this.#parts.log.info(event, "a newer document waits to be taken");
      return;
    }
    this.#delivered = bytes;
    if (wantsOther(this.#parts, bytes, this.#wanted)) this.#endStep?.abort();
    this.#wake.ring();
  }

  slots(): SlotReport[] {
    return slotReports(this.#parts.record.current(), this.#wanted);
  }

  wanted(): readonly DesiredModel[] {
    return this.#wanted;
  }

  /** Until the signal aborts; then every runner is ended. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#turn(signal);
    } finally {
      await this.#stopRunners();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    try {
      const urgent = this.#urgent();
      if (urgent !== undefined) await this.#perform(urgent, signal);
      else if (this.#delivered !== null) await this.#takeDelivered(this.#delivered, signal);
      else await this.#perform(await this.#next(), signal);
      this.#failuresInRow = 0;
    } catch (cause) {
      if (signal.aborted) return;
      // Ended by us in favour of something better: the next turn plans anew.
      const ended = this.#endStep?.signal.aborted === true;
      if (ended && !(cause instanceof RangeError || cause instanceof TypeError)) return;
      if (!isCodedError(cause)) throw cause;
      await this.#pause(cause.code, cause.message, signal);
    } finally {
      this.#endStep = null;
    }
  }

  async #takeDelivered(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const wanted = await this.#endable(signal, (endable) =>
      this.#intake(bytes, this.#wanted, endable),
    );
    if (wanted !== undefined) await this.#adopt(wanted);
    // Unless a newer one came in the meantime.
    if (this.#delivered === bytes) this.#delivered = null;
  }

  async #adopt(wanted: readonly DesiredModel[]): Promise<void> {
    this.#wanted = wanted;
    const { seq } = this.#parts.record.current();
    if (seq === this.#toldSeq) return;
    await this.#parts.report();
    this.#toldSeq = seq;
  }

  async #perform(planned: Planned, signal: AbortSignal): Promise<void> {
    const { step, slot } = planned;
    if (step.do === "idle" || step.do === "wait") {
      if (step.do === "idle") await this.#collect();
      const waitMs =
        step.do === "wait" ? Math.min(step.waitMs, storeLimits.probationPollMs) : undefined;
      return this.#wake.listen(signal, waitMs);
    }
    this.#parts.log.info({ event: "install.step", step: step.do, slot }, `step ${step.do}`);
    const run = (given: AbortSignal) =>
      execute(step, {
        parts: this.#parts,
        runtime: this.#runtime(slot),
        wanted: this.#wantedIn(slot),
        wantedAll: this.#wanted,
        signal: given,
      });
    return isEndable(step) ? this.#endable(signal, run) : run(signal);
  }

  /** Runs something long, ended by `deliver` or as soon as a slot needs something urgent. */
  async #endable<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const end = new AbortController();
    const done = new AbortController();
    this.#endStep = end;
    const watching = this.#endWhenUrgent(end, AbortSignal.any([signal, done.signal]));
    try {
      return await run(AbortSignal.any([signal, end.signal]));
    } finally {
      done.abort();
      await watching;
    }
  }

  async #endWhenUrgent(end: AbortController, done: AbortSignal): Promise<void> {
    while (!done.aborted) {
      if (this.#urgent() !== undefined) {
        end.abort();
        return;
      }
      await this.#wake.listen(done, storeLimits.probationPollMs);
    }
  }

  #urgent(): Planned | undefined {
    for (const slot of this.#slotNames()) {
      const step = this.#plan(slot, "nothing");
      if (isUrgent(step)) return { step, slot };
    }
    return undefined;
  }

  /** The first slot with something to do; when none has, the shortest wait. */
  async #next(): Promise<Planned> {
    let rest: Planned = { step: { do: "idle" }, slot: mainSlot };
    for (const slot of this.#slotNames()) {
      const step = this.#plan(slot, await this.#onDisk(slot));
      if (step.do !== "idle" && step.do !== "wait") return { step, slot };
      const shorter =
        rest.step.do !== "wait" || (step.do === "wait" && step.waitMs < rest.step.waitMs);
      if (step.do === "wait" && shorter) rest = { step, slot };
    }
    return rest;
  }

  #plan(slot: SlotName, onDisk: OnDisk): Step {
    const state = this.#parts.record.current();
    const runtime = this.#runtime(slot);
    const held = slotOf(state, slot);
    this.#noteCrash(runtime, held.trial?.release, held.previous !== null);
    return planStep({
      slot: held,
      wanted: this.#wantedIn(slot),
      blocked: state.blocked,
      onDisk,
      serving: runtime.servesRelease(),
      ready: runtime.ready?.staged.release ?? null,
      broken: runtime.broken,
      restoreInMs: runtime.restoreInMs(),
      verdict: this.#verdict(runtime),
      transitions: state.transitions,
    });
  }

  /** The end of a release on trial is its verdict's matter; that of any other is mended here. */
  #noteCrash(runtime: SlotRuntime, trial: string | undefined, hasPrevious: boolean): void {
    const reason = runtime.crash;
    if (reason === null || runtime.servesRelease() === trial) return;
    runtime.dropEnded();
    const event = { event: "runner.ended", slot: runtime.slot, reason, inRow: runtime.endsInRow() };
    this.#parts.log.error(event, "the runner of the active release ended");
    if (!runtime.isHopeless(hasPrevious)) return;
    runtime.broken = {
      code: "RUNNER_CRASH",
      detail: `its runner ended again and again: ${reason}`,
    };
  }

  #verdict(runtime: SlotRuntime): Verdict {
    const health = this.#parts.serving.health(runtime.slot);
    const counted = health?.release === runtime.servesRelease() ? health : undefined;
    return judgeProbation(this.#parts.rules, {
      elapsedMs: runtime.servedMs(),
      answered: counted?.answered ?? 0,
      failed: counted?.failed ?? 0,
      crash: runtime.crash,
    });
  }

  async #onDisk(slot: SlotName): Promise<OnDisk> {
    const wanted = this.#wantedIn(slot);
    if (wanted === null) return "nothing";
    const document = await this.#parts.shelf.find(wanted).catch((cause: unknown) => {
      // Fetching it again tells why it is not trusted.
      if (cause instanceof VerifyError) return undefined;
      throw cause;
    });
    if (document === undefined) return "nothing";
    for (const file of document.files) {
      if (!(await this.#parts.store.holds(file))) return "document";
    }
    return "files";
  }

  #wantedIn(slot: SlotName): DesiredModel | null {
    return this.#wanted.find((model) => model.slot === slot) ?? null;
  }

  #slotNames(): ReadonlySet<SlotName> {
    const { slots } = this.#parts.record.current();
    return new Set([...slots, ...this.#wanted].map(({ slot }) => slot));
  }

  #runtime(slot: SlotName): SlotRuntime {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const runtime = new SlotRuntime(slot, this.#parts.clock, () => this.#wake.ring());
    this.#slots.set(slot, runtime);
    return runtime;
  }

  async #collect(): Promise<void> {
    await collectGarbage(this.#parts, this.#wanted);
  }

  async #pause(code: string, text: string, signal: AbortSignal): Promise<void> {
    const delayMs = backoffMs(stepRetry, this.#failuresInRow, this.#parts.clock.chance());
    this.#failuresInRow += 1;
    this.#parts.log.error({ event: "install.failed", code, delayMs }, text);
    await this.#wake.listen(signal, delayMs);
  }

  async #stopRunners(): Promise<void> {
    const models = [...this.#slots.values()].flatMap(({ serving, standby, ready }) => [
      serving,
      standby,
      ready,
    ]);
    const running = models.filter((model) => model !== null);
    await Promise.all(running.map((model) => model.stop()));
  }
}
