import type { Step } from "../../domain/install/plan-step.ts";
import { countStart, tellDeferral, tellWaiting } from "./deferral-steps.ts";
import { download, fetchRelease, startTrial } from "./fetch-steps.ts";
import { loadTrial, swapInPlace } from "./load-steps.ts";
import { endPassed, rehearse, tellRehearsal } from "./rehearsal-steps.ts";
import { fallBackTo, restore } from "./restore-steps.ts";
import { noteRevoked, replaceRevoked } from "./revoked-steps.ts";
import type { StepContext } from "./step-context.ts";
import { abandonTrial, activate, confirm, giveWay, refuseTrial, rollBack } from "./trial-steps.ts";

/** One executor a step: forget one and it does not compile. Each makes no choices and may be repeated after a crash. */
type Executors = {
  readonly [S in Step as S["do"]]: (step: S, context: StepContext) => Promise<void>;
};

const executors: Executors = {
  idle: () => Promise.resolve(),
  wait: () => Promise.resolve(),
  restore,
  "fall-back": fallBackTo,
  "replace-revoked": replaceRevoked,
  "note-revoked": noteRevoked,
  "fetch-release": fetchRelease,
  download,
  "begin-trial": startTrial,
  load: loadTrial,
  "count-start": countStart,
  "swap-in-place": swapInPlace,
  rehearse,
  "tell-rehearsal": tellRehearsal,
  "end-rehearsal": endPassed,
  "tell-waiting": tellWaiting,
  "tell-deferral": tellDeferral,
  activate,
  confirm,
  rollback: rollBack,
  "give-way": giveWay,
  refuse: refuseTrial,
  "drop-trial": abandonTrial,
};

/** Steps that a newer document, or something urgent in any slot, may end half way. */
const endable: ReadonlySet<Step["do"]> = new Set<Step["do"]>([
  "fetch-release",
  "download",
  "load",
  "swap-in-place",
]);

export function isEndable(step: Step): boolean {
  return endable.has(step.do);
}

export function execute(step: Step, context: StepContext): Promise<void> {
  // The record pairs each step with its executor; the compiler loses that pairing on a look-up by key.
  const executor = executors[step.do] as (step: Step, context: StepContext) => Promise<void>;
  return executor(step, context);
}
