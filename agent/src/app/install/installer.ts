import {
  type DesiredModel,
  isCodedError,
  type SlotReport,
  sha256,
  storeLimits,
  type VerifyCode,
} from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import { restMsOf, type Step } from "../../domain/install/plan-step.ts";
import { slotReports } from "../../domain/install/slot-reports.ts";
import { StoreError } from "../../domain/store-error.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { createIntake, type Intake } from "./desired-intake.ts";
import { EarlyOrder } from "./early-order.ts";
import { execute, isEndable } from "./executors.ts";
import type { InstallParts } from "./install-parts.ts";
import { isNewer, refusalOf, wantsOther } from "./peek-desired.ts";
import { endRehearsal } from "./rehearsal-steps.ts";
import { isRootBound, RootWalk } from "./root-walk.ts";
import { type Planned, SlotPlanner } from "./slot-planner.ts";
import type { SlotRuntime } from "./slot-runtime.ts";
import { Wake } from "./wake.ts";

const stepRetry = {
  delayMsMin: storeLimits.stepRetryMsMin,
  delayMsMax: storeLimits.stepRetryMsMax,
};

/**
 * The one loop that changes what this device runs, and whom it trusts.
 *
 * 1. One step at a time, over all slots; what keeps a working model in place comes first.
 * 2. Of the delivered documents only the newest counts, in whatever order they arrive. One that wants something else, or
 *    was signed under a newer root, ends a download or load under way.
 * 3. Each accepted document is told once, also when it changes nothing: somebody may be waiting for it.
 * 4. A step that fails on a broken disk is tried again after a growing pause; nothing that serves is touched.
 * 5. Under another root, what is on trial is judged anew; what was wanted is forgotten together with its document.
 */
export class Installer {
  readonly #parts: InstallParts;
  readonly #walk: RootWalk;
  readonly #intake: Intake;
  readonly #early: EarlyOrder;
  readonly #wake: Wake;
  readonly #slots: SlotPlanner;
  #wanted: readonly DesiredModel[];
  /** Whether a document says what is wanted: what it does not name is then not wanted. */
  #isFollowing: boolean;
  #delivered: Uint8Array | null = null;
  /** Sequence of the document the controller knows this device to hold; the first one is in the hello. */
  #toldSeq: number;
  #endStep: AbortController | null = null;
  #failuresInRow = 0;
  #areTrialsJudged = false;

  constructor(parts: InstallParts, wanted: readonly DesiredModel[]) {
    this.#parts = parts;
    this.#walk = new RootWalk({ ...parts, adopted: () => this.#rootAdopted() });
    this.#intake = createIntake(parts, this.#walk);
    this.#early = new EarlyOrder(parts);
    this.#wake = new Wake(parts.clock);
    this.#slots = new SlotPlanner(
      parts,
      () => (this.#isFollowing ? this.#wanted : null),
      () => this.#wake.ring(),
    );
    this.#wanted = wanted;
    this.#isFollowing = wanted.length > 0;
    this.#toldSeq = parts.record.current().seq;
  }

  /** A desired document arrived; the newest wins. */
  deliver(bytes: Uint8Array): void {
    const refusal = refusalOf(this.#parts, bytes);
    this.#early.keepIf(refusal, bytes);
    if (this.#delivered !== null && !isNewer(this.#parts, bytes, this.#delivered)) {
      this.#passOver(bytes, refusal);
      return;
    }
    this.#delivered = bytes;
    const isOther = refusal === "ROOT_TOO_OLD" || wantsOther(this.#parts, bytes, this.#wanted);
    if (isOther) this.#endStep?.abort();
    this.#wake.ring();
  }

  #passOver(bytes: Uint8Array, refusal: VerifyCode | undefined): void {
    const event = { event: "desired.passed-over", code: refusal };
    this.#parts.log.info(event, "a newer document waits to be taken");
    if (refusal === undefined) return;
    // It may be newer than the one that waits: after a hello, or a walk, it comes again.
    if (refusal === "NOT_FRESH") this.#parts.needHello();
    if (isRootBound(refusal)) this.#walk.ask(refusal);
    else this.#parts.refused({ code: refusal, sha256: sha256(bytes) });
  }

  /** Something about what runs has changed: look at every slot now. */
  ring(): void {
    this.#wake.ring();
  }

  slots(): SlotReport[] {
    return slotReports(this.#parts.record.current(), this.#wanted);
  }

  wanted(): readonly DesiredModel[] {
    return this.#wanted;
  }

  /** The processes of every slot, for those who tell of them. */
  runtimes(): readonly SlotRuntime[] {
    return this.#slots.runtimes();
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
      if (!this.#areTrialsJudged) await this.#judgeTrials();
      const urgent = this.#slots.urgent();
      if (urgent !== undefined) await this.#perform(urgent, signal);
      else if (this.#delivered !== null) await this.#takeDelivered(this.#delivered, signal);
      else if (this.#walk.inMs() === 0) await this.#endable(signal, (end) => this.#walk.go(end));
      else await this.#performNext(signal);
      this.#failuresInRow = 0;
      this.#parts.record.stepDone();
    } catch (cause) {
      if (signal.aborted) return;
      // Ended by us in favour of something better: the next turn plans anew.
      const ended = this.#endStep?.signal.aborted === true;
      if (ended && !(cause instanceof RangeError || cause instanceof TypeError)) return;
      if (!isCodedError(cause)) throw cause;
      if (cause instanceof StoreError) await this.#meetFault(cause);
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
    // Judged again under a newer root, it may be early only now.
    if (wanted === undefined) this.#early.keepIf(refusalOf(this.#parts, bytes), bytes);
    const early = wanted === undefined ? undefined : this.#early.take();
    if (early !== undefined) this.deliver(early);
  }

  async #adopt(wanted: readonly DesiredModel[]): Promise<void> {
    this.#wanted = wanted;
    this.#isFollowing = true;
    const { seq } = this.#parts.record.current();
    if (seq === this.#toldSeq) return;
    await this.#parts.report();
    this.#toldSeq = seq;
  }

  /** protocol.md 1.3.9: together with its document a wish is forgotten, and numbers may begin anew. */
  #rootAdopted(): void {
    const { desiredSha256, seq } = this.#parts.record.current();
    if (desiredSha256 === null) {
      this.#wanted = [];
      this.#isFollowing = false;
    }
    this.#toldSeq = Math.min(this.#toldSeq, seq);
    this.#areTrialsJudged = false;
    this.#early.forget();
    this.#parts.rootAdopted();
  }

  async #judgeTrials(): Promise<void> {
    await this.#slots.judgeTrials();
    this.#areTrialsJudged = true;
  }

  async #performNext(signal: AbortSignal): Promise<void> {
    const planned = await this.#slots.next();
    // What came while it was planned may want something else, and found no step to end.
    if (this.#delivered === null) await this.#perform(planned, signal);
  }

  async #perform(planned: Planned, signal: AbortSignal): Promise<void> {
    const { step, slot } = planned;
    if (step.do === "idle" || step.do === "wait") {
      await this.#parts.record.settle();
      if (step.do === "idle") await collectGarbage(this.#parts, this.#wanted);
      this.#parts.record.stepDone();
      return this.#wake.listen(signal, this.#restMs(step));
    }
    this.#parts.log.info({ event: "install.step", step: step.do, slot }, `step ${step.do}`);
    const run = (given: AbortSignal) =>
      execute(step, {
        parts: this.#parts,
        runtime: this.#slots.runtime(slot),
        wanted: this.#slots.wantedIn(slot),
        wantedAll: this.#wanted,
        running: () => this.#slots.running(),
        signal: given,
      });
    return isEndable(step) ? this.#endable(signal, run) : run(signal);
  }

  /** Undefined when only something from outside can bring news. */
  #restMs(step: Extract<Step, { do: "idle" | "wait" }>): number | undefined {
    const walkInMs = this.#walk.inMs();
    if (step.do === "idle") return walkInMs;
    return Math.min(restMsOf(step), walkInMs ?? step.waitMs);
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
      if (this.#slots.urgent() !== undefined) {
        end.abort();
        return;
      }
      await this.#wake.listen(done, storeLimits.probationPollMs);
    }
  }

  /** The controller waits for what this device was told to do. */
  async #meetFault(cause: StoreError): Promise<void> {
    const isNews = this.#parts.record.stepFailed(cause);
    // What is full may be full of what nobody needs; while steps fail, no idle moment comes to remove it.
    if (cause.code === "NO_SPACE") {
      await this.#attempt("garbage.failed", () => collectGarbage(this.#parts, this.#wanted));
    }
    if (isNews) await this.#attempt("report.failed", () => this.#parts.report());
  }

  /** What fails beside a failed step does not count as another. */
  async #attempt(failed: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      if (!isCodedError(cause)) throw cause;
      this.#parts.log.warn({ event: failed, code: cause.code }, cause.message);
    }
  }

  async #pause(code: string, text: string, signal: AbortSignal): Promise<void> {
    const delayMs = backoffMs(stepRetry, this.#failuresInRow, this.#parts.clock.chance());
    this.#failuresInRow += 1;
    this.#parts.log.error({ event: "install.failed", code, delayMs }, text);
    await this.#wake.listen(signal, delayMs);
  }

  async #stopRunners(): Promise<void> {
    await Promise.all(this.runtimes().map(endRehearsal));
    await Promise.all(this.#slots.running().map((model) => model.stop()));
  }
}
