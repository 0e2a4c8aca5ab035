import type { CanaryPolicy, ShadowPolicy, SlotName } from "@modelfleet/protocol";
import { type ProbationRules, probationOf, type Verdict } from "../../domain/install/probation.ts";
import { canarySummary, judgeCanary } from "../../domain/rehearsal/judge-canary.ts";
import { judgeShadow, shadowSummary } from "../../domain/rehearsal/judge-shadow.ts";
import type { Observation } from "../../domain/serving/routed-model.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Rehearsal } from "../../ports/rehearsal.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import type { Serving } from "../../ports/serving.ts";
import { CanaryStage } from "./canary-stage.ts";
import { ShadowLine } from "./shadow-line.ts";

export interface RehearsalParts {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly serving: Pick<Serving, "canary" | "active">;
  /** The device's own. */
  readonly rules: ProbationRules;
  /** Its verdict or its stage has changed. */
  readonly changed: () => void;
}

export interface Rehearsed {
  readonly slot: SlotName;
  readonly model: LoadedModel;
  readonly shadow: ShadowPolicy | undefined;
  readonly canary: CanaryPolicy | undefined;
}

type Stage =
  | { readonly kind: "shadow"; readonly policy: ShadowPolicy; readonly line: ShadowLine }
  | { readonly kind: "canary"; readonly canary: CanaryStage };

/**
 * The rehearsal of one release:
 *
 * 1. The shadow first, then the canary; each only where it is asked for.
 * 2. It is judged when it is asked, and with each answer of the release; the first verdict that is not open stays.
 * 3. The end of its process, or anything that speaks against it, takes it away from the live requests at once.
 */
export class ReleaseRehearsal implements Rehearsal {
  readonly #parts: RehearsalParts;
  readonly #rehearsed: Rehearsed;
  /** Of the stages that are over, in their order. */
  readonly #said = new Map<Stage["kind"], string>();
  #stage: Stage;
  #beganMs: number;
  #crash: string | null = null;
  #final: Verdict | null = null;
  /** The last stage is over, and what it came to is said. */
  #isOver = false;
  #taken: Promise<void> = Promise.resolve();
  /** Of the shadow, when it was left. */
  #agreement: number | undefined;

  /** @throws RangeError when neither a shadow nor a canary is asked for */
  constructor(parts: RehearsalParts, rehearsed: Rehearsed) {
    this.#parts = parts;
    this.#rehearsed = rehearsed;
    this.#beganMs = parts.clock.monotonicMs();
    this.#stage = this.#begin();
    void rehearsed.model.exited.then((reason) => {
      this.#crash = reason;
      this.#look();
    });
  }

  stage(): "shadow" | "canary" {
    return this.#stage.kind;
  }

  verdict(): Verdict {
    if (this.#final !== null) return this.#final;
    const verdict = this.#judge();
    if (this.#isOver) return verdict;
    const { canary } = this.#rehearsed;
    if (verdict.kind === "passed" && this.#stage.kind === "shadow" && canary !== undefined) {
      this.#leaveStage();
      this.#stage = this.#beginCanary(canary);
      return this.verdict();
    }
    if (verdict.kind !== "open") {
      this.#final = verdict;
      this.#close();
    }
    return verdict;
  }

  summary(): string {
    return [...this.#said.values(), ...(this.#isOver ? [] : [this.#sayStage()])].join("; ");
  }

  /** See the port. */
  found(stage: Stage["kind"]): string {
    return this.#said.get(stage) ?? "";
  }

  /** Share of the shadow's answers that agreed so far; undefined before the first. */
  agreement(): number | undefined {
    if (this.#isOver || this.#stage.kind !== "shadow") return this.#agreement;
    const { compared, agreed } = this.#stage.line.figures();
    return compared === 0 ? undefined : agreed / compared;
  }

  async end(): Promise<void> {
    this.#close();
    await this.#taken;
  }

  observe(observation: Observation<LoadedModel>): void {
    if (this.#isOver) return;
    const stage = this.#stage;
    if (stage.kind === "canary") {
      if (stage.canary.observe(observation)) this.#look();
    } else if (observation.role === "stable") stage.line.offer(observation);
  }

  #begin(): Stage {
    const { model, shadow, canary } = this.#rehearsed;
    if (shadow === undefined) {
      if (canary === undefined) throw new RangeError("expected a shadow or a canary, got neither");
      return this.#beginCanary(canary);
    }
    const { clock } = this.#parts;
    const compared = () => this.#look();
    const line = new ShadowLine({ model, policy: shadow, clock, compared });
    return { kind: "shadow", policy: shadow, line };
  }

  #beginCanary(policy: CanaryPolicy): Stage {
    const { slot, model } = this.#rehearsed;
    const { serving, clock } = this.#parts;
    this.#beganMs = clock.monotonicMs();
    const canary = new CanaryStage(policy, model, serving.active(slot) ?? model);
    this.#taken = serving.canary(slot, { model, weightPercent: policy.weightPercent });
    return { kind: "canary", canary };
  }

  /** Whoever waits for the verdict is told when there is one, or another stage. */
  #look(): void {
    if (this.#isOver) return;
    const stage = this.#stage.kind;
    const isOpen = this.verdict().kind === "open";
    if (!isOpen || this.#stage.kind !== stage) this.#parts.changed();
  }

  #judge(): Verdict {
    const stage = this.#stage;
    if (stage.kind === "shadow") return judgeShadow(stage.policy, this.#shadowFacts(stage.line));
    const { rules } = this.#parts;
    const probation = this.#rehearsed.model.staged.document.swap?.probation;
    // A failed answer of a canary is a live request lost to a trial: by itself a device bears none.
    const failedShareMax = probation?.failedShareMax ?? 0;
    const limits = { ...probationOf(rules, probation), failedShareMax };
    return judgeCanary(stage.canary.policy, limits, this.#canaryFacts(stage.canary));
  }

  #sayStage(): string {
    const stage = this.#stage;
    if (stage.kind === "shadow") return shadowSummary(this.#shadowFacts(stage.line));
    return canarySummary(this.#canaryFacts(stage.canary));
  }

  #close(): void {
    if (this.#isOver) return;
    this.#leaveStage();
    this.#isOver = true;
  }

  #leaveStage(): void {
    this.#said.set(this.#stage.kind, this.#sayStage());
    this.#agreement = this.agreement();
    if (this.#stage.kind === "shadow") this.#stage.line.end();
    else this.#taken = this.#parts.serving.canary(this.#rehearsed.slot, null);
  }

  #shadowFacts(line: ShadowLine) {
    const allowsNonFinite = this.#rehearsed.model.golden.allowsNonFinite ?? false;
    const [figures, dropped] = [line.figures(), line.dropped()];
    return { figures, dropped, allowsNonFinite, ...this.#common() };
  }

  #canaryFacts(canary: CanaryStage) {
    return { ...canary.facts(), ...this.#common() };
  }

  #common() {
    return { elapsedMs: this.#parts.clock.monotonicMs() - this.#beganMs, crash: this.#crash };
  }
}
