import type {
  DesiredModel,
  ReleaseDocument,
  ReleaseReference,
  ReportItem,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import { type SlotState, slotOf } from "../../domain/install/agent-state.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { LoadedModel, StagedRelease } from "../../ports/runner-host.ts";
import type { InstallParts } from "./install-parts.ts";
import type { SlotRuntime } from "./slot-runtime.ts";

/** What one step of one slot works with. */
export interface StepContext {
  readonly parts: InstallParts;
  readonly runtime: SlotRuntime;
  readonly wanted: DesiredModel | null;
  /** Of every slot. */
  readonly wantedAll: readonly DesiredModel[];
  /** Every runner of this agent, in whatever slot. */
  readonly running: () => readonly LoadedModel[];
  readonly signal: AbortSignal;
}

export function slotState({ parts, runtime }: StepContext): SlotState {
  return slotOf(parts.record.current(), runtime.slot);
}

/** Which attempt of this release ends, for the note that it was given up. */
export function attemptOf({ wanted }: StepContext, release: Sha256): number | undefined {
  return wanted?.release === release ? wanted.attempt : undefined;
}

/** The release as the state record or the desired document names it. @throws RangeError when neither does */
export function nameOf(
  context: StepContext,
  release: Sha256,
): Pick<ReleaseReference, "release" | "model"> {
  const { active, previous, trial } = slotState(context);
  const named = [trial, active, previous, context.wanted].find((held) => held?.release === release);
  if (!named) throw new RangeError(`expected release ${release} in slot ${context.runtime.slot}`);
  return { release, model: named.model };
}

/** @throws StoreError STORE_FAILED when its document is gone; VerifyError when it is no longer trusted */
export async function documentOf(context: StepContext, release: Sha256): Promise<ReleaseDocument> {
  const document = await context.parts.shelf.find(nameOf(context, release));
  if (document !== undefined) return document;
  throw new StoreError("STORE_FAILED", `expected the document of release ${release} on disk`);
}

/** A release with every file hashed again; undefined when one is missing or wrong. */
export async function stage(
  context: StepContext,
  release: Sha256,
): Promise<StagedRelease | undefined> {
  const document = await documentOf(context, release);
  const files = await context.parts.store.verifyFiles(document);
  return files === undefined ? undefined : { release, document, files };
}

/** Tell the controller of a step of this release. */
export async function tell(
  context: StepContext,
  document: ReleaseDocument,
  what: Pick<ReportItem, "release" | "step"> & Partial<ReportItem>,
): Promise<void> {
  const { parts, runtime } = context;
  const slot: SlotName = runtime.slot;
  await parts.report({ ...what, slot, model: document.model, version: document.version });
}
