import type { ReportStep, Sha256 } from "@modelfleet/protocol";
import type { Step } from "../../domain/install/plan-step.ts";
import type { Rehearsal } from "../../ports/rehearsal.ts";
import { giveStartBack } from "./deferral-steps.ts";
import type { SlotRuntime } from "./slot-runtime.ts";
import { documentOf, type StepContext, tell } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

const toldAs: Readonly<Record<ReturnType<Rehearsal["stage"]>, ReportStep>> = {
  shadow: "shadowed",
  canary: "canaried",
};

/** Begins the rehearsal the release asks for; where there is none, the next step activates it. */
export async function rehearse(_: StepOf<"rehearse">, context: StepContext): Promise<void> {
  const { parts, runtime } = context;
  const { ready } = runtime;
  const rehearsal = ready === null ? null : parts.rehearse(runtime.slot, ready);
  runtime.rehearsal =
    rehearsal === null ? { kind: "none" } : { kind: "running", rehearsal, told: rehearsal.stage() };
  if (rehearsal !== null) await giveStartBack(context);
}

/** One stage passed, the next one runs. */
export async function tellRehearsal({ release }: StepOf<"tell-rehearsal">, context: StepContext) {
  const { runtime } = context;
  if (runtime.rehearsal.kind !== "running") return;
  const { rehearsal, told } = runtime.rehearsal;
  runtime.rehearsal = { kind: "running", rehearsal, told: rehearsal.stage() };
  const document = await documentOf(context, release);
  await tell(context, document, { release, step: toldAs[told], detail: rehearsal.found(told) });
}

/** It is taken away from the live requests before the release is activated. */
export async function endPassed({ release }: StepOf<"end-rehearsal">, context: StepContext) {
  const { rehearsal: state } = context.runtime;
  if (state.kind !== "running") return;
  await state.rehearsal.end();
  context.runtime.rehearsal = { kind: "none" };
  await tellStage(context, state.rehearsal, release);
}

/** Before the release is refused for it. */
export async function tellFailedRehearsal(context: StepContext, release: Sha256): Promise<void> {
  const { rehearsal: state } = context.runtime;
  if (state.kind !== "running") return;
  await endRehearsal(context.runtime);
  await tellStage(context, state.rehearsal, release);
}

/** Nothing of a rehearsal outlives its release. */
export async function endRehearsal(runtime: SlotRuntime): Promise<void> {
  const { rehearsal: state } = runtime;
  runtime.rehearsal = { kind: "none" };
  if (state.kind === "running") await state.rehearsal.end();
}

async function tellStage(context: StepContext, rehearsal: Rehearsal, release: Sha256) {
  const document = await documentOf(context, release);
  const detail = rehearsal.summary();
  await tell(context, document, { release, step: toldAs[rehearsal.stage()], detail });
}
