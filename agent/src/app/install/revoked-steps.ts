import type { Step } from "../../domain/install/plan-step.ts";
import { block, fallBack } from "../../domain/install/transitions.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import { failureOf } from "./failure-of.ts";
import { flip } from "./restore-steps.ts";
import { attemptOf, type StepContext, slotState, stage } from "./step-context.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;

/** The previous release is loaded first, so that there is always one that answers. */
export async function replaceRevoked(
  { release, by }: StepOf<"replace-revoked">,
  context: StepContext,
) {
  const { parts, runtime, signal } = context;
  const revoked = runtime.serving;
  const named = slotState(context).active;
  let loaded: LoadedModel;
  try {
    loaded = await load(by, context);
  } catch (cause) {
    if (signal.aborted) throw cause;
    runtime.isIrreplaceable = true;
    const event = { event: "release.irreplaceable", release, by, ...failureOf(cause) };
    parts.log.error(event, "the release before a revoked one did not start");
    return;
  }
  const { record } = parts;
  const failure = revocation(release);
  try {
    const attempt = attemptOf(context, release);
    const blocked = block(record.current(), { release, attempt, ...failure });
    await record.commit(fallBack(blocked, runtime.slot, release));
  } catch (cause) {
    await loaded.stop();
    throw cause;
  }
  runtime.watch(loaded);
  runtime.noteReplaced();
  await flip(context, loaded);
  await revoked?.stop();
  if (named === null) return;
  await parts.report({ ...named, slot: runtime.slot, step: "rolled-back", ...failure });
}

/** Nothing else can run here: it serves on, and the controller, the log and the status of this device say so. */
export async function noteRevoked({ release }: StepOf<"note-revoked">, context: StepContext) {
  const { parts } = context;
  const { record, log } = parts;
  const failure = revocation(release);
  const attempt = attemptOf(context, release);
  await record.commit(block(record.current(), { release, attempt, ...failure }));
  const text = "the active release is revoked and there is none to take its place; it serves on";
  log.error({ event: "release.revoked", release, code: failure.code }, text);
  await parts.report();
}

async function load(release: StepOf<"replace-revoked">["by"], context: StepContext) {
  const staged = await stage(context, release);
  if (staged !== undefined) return context.parts.host.load(staged, context.signal, "restore");
  throw new StoreError("DIGEST", `expected every file of release ${release} on disk, as signed`);
}

function revocation(release: StepOf<"note-revoked">["release"]) {
  return { code: "REVOKED", detail: `release ${release} is revoked by the root` } as const;
}
