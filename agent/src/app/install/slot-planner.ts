import { type DesiredModel, mainSlot, type SlotName } from "@modelfleet/protocol";
import { isUrgent, planStep, restMsOf, type Step } from "../../domain/install/plan-step.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import type { InstallParts } from "./install-parts.ts";
import { judgeTrial, readOnDisk, readRoom, readSlotFacts, type SlotView } from "./slot-facts.ts";
import { SlotRuntime } from "./slot-runtime.ts";

/** What one slot does next. */
export interface Planned {
  readonly step: Step;
  readonly slot: SlotName;
}

/** What the document that is followed asks for; null while there is none, or it could not be read. */
export type Wanted = readonly DesiredModel[] | null;

type Seen = Pick<SlotView, "onDisk" | "room">;

/** All slots of the device: their processes, and which of them does what next. */
export class SlotPlanner {
  readonly #parts: InstallParts;
  readonly #wanted: () => Wanted;
  readonly #changed: () => void;
  readonly #slots = new Map<SlotName, SlotRuntime>();

  /** @param changed a process of a slot has ended */
  constructor(parts: InstallParts, wanted: () => Wanted, changed: () => void) {
    this.#parts = parts;
    this.#wanted = wanted;
    this.#changed = changed;
  }

  /** What keeps a working model in place, if anything has to be done for that. */
  urgent(): Planned | undefined {
    for (const slot of this.#names()) {
      // The step under way is what will answer here, one way or the other.
      if (this.runtime(slot).isSwappingInPlace) continue;
      const step = this.#plan(slot, { onDisk: "nothing", room: { kind: "enough" } });
      if (isUrgent(step)) return { step, slot };
    }
    return undefined;
  }

  /** The first slot with something to do; when none has, the shortest wait. @throws StoreError */
  async next(): Promise<Planned> {
    let rest: Planned = { step: { do: "idle" }, slot: mainSlot };
    for (const slot of this.#names()) {
      const step = this.#plan(slot, await this.#look(slot));
      if (step.do !== "idle" && step.do !== "wait") return { step, slot };
      const shorter =
        rest.step.do !== "wait" || (step.do === "wait" && restMsOf(step) < restMsOf(rest.step));
      if (step.do === "wait" && shorter) rest = { step, slot };
    }
    return rest;
  }

  /** @throws StoreError */
  async judgeTrials(): Promise<void> {
    for (const slot of this.#names()) await judgeTrial(this.#parts, this.runtime(slot));
  }

  runtimes(): readonly SlotRuntime[] {
    return [...this.#slots.values()];
  }

  running(): readonly LoadedModel[] {
    return this.runtimes().flatMap((runtime) => runtime.running());
  }

  runtime(slot: SlotName): SlotRuntime {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const runtime = new SlotRuntime(slot, this.#parts.clock, this.#changed);
    this.#slots.set(slot, runtime);
    return runtime;
  }

  wantedIn(slot: SlotName): DesiredModel | null {
    return this.#models().find((model) => model.slot === slot) ?? null;
  }

  /** What only the disk and the system know. */
  async #look(slot: SlotName): Promise<Seen> {
    const [runtime, wanted] = [this.runtime(slot), this.wantedIn(slot)];
    const onDisk = await readOnDisk(this.#parts, wanted);
    const room = await readRoom(this.#parts, { runtime, wanted }, this.running());
    return { onDisk, room };
  }

  #plan(slot: SlotName, seen: Seen): Step {
    const [runtime, wanted] = [this.runtime(slot), this.wantedIn(slot)];
    const isUnnamed = wanted === null && this.#wanted() !== null;
    return planStep(readSlotFacts(this.#parts, { runtime, wanted, isUnnamed, ...seen }));
  }

  #models(): readonly DesiredModel[] {
    return this.#wanted() ?? [];
  }

  #names(): ReadonlySet<SlotName> {
    const { slots } = this.#parts.record.current();
    return new Set([...slots, ...this.#models()].map(({ slot }) => slot));
  }
}
