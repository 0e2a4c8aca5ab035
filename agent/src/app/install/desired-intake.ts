import {
  acceptDesired,
  type CheckedRelease,
  type DesiredDocument,
  type DesiredModel,
  floorOf,
  isCodedError,
  type ReleaseDocument,
  ReleaseVersion,
  type Sha256,
  sha256,
  VerifyError,
} from "@modelfleet/protocol";
import { type AgentState, slotOf } from "../../domain/install/agent-state.ts";
import { refusalOfVerify } from "../../domain/install/refusal-of.ts";
import { stillBlocked } from "../../domain/install/transitions.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { InstallParts } from "./install-parts.ts";
import { namesSame, type Peeked, peekDesired } from "./peek-desired.ts";
import { isRootBound, type RootWalk } from "./root-walk.ts";

/** What a delivered desired document asks for; undefined when it is not to be followed. */
export type Intake = (
  bytes: Uint8Array,
  before: readonly DesiredModel[],
  signal: AbortSignal,
) => Promise<readonly DesiredModel[] | undefined>;

/** Of a release whose document could not be believed, not even its version. */
const unknownVersion = ReleaseVersion.parse("0.0.0");

/**
 * Takes a desired document (store.md 3.1, protocol.md 1.5): all of its releases are known and trusted, or nothing
 * changes. Documents are on disk before the commit that names them.
 */
export function createIntake(parts: InstallParts, walk: RootWalk): Intake {
  return async (bytes, before, signal) => {
    const peeked = await check(parts, walk, { bytes, signal });
    if (peeked === undefined) return undefined;
    const { checked, answers } = peeked;
    if (checked.kind === "same") {
      await commitBlocked(parts, checked.desired);
      return checked.desired.models;
    }
    const releases = await fetchAll(parts, checked.desired, signal);
    if (releases === undefined) return undefined;
    await parts.store.keepDocument(checked.sha256, bytes);
    const state = parts.record.current();
    const trust = acceptDesired(parts.record.trust(), checked, releases);
    const { seq, desiredSha256, timeFloorMs } = trust;
    const blocked = stillBlocked(state.blocked, checked.desired.models);
    const transitions = namesSame(checked.desired.models, before) ? state.transitions : 0;
    const accepted = { ...state, seq, desiredSha256, timeFloorMs, blocked, transitions };
    await parts.record.commit(accepted);
    if (answers !== null) parts.answered(answers);
    parts.log.info({ event: "desired.accepted", seq }, "accepted what to run");
    await removeOvertaken(parts, state.desiredSha256);
    await reportAccepted(parts, releases, before);
    return checked.desired.models;
  };
}

/** At once: the next idle moment may be days away, or after the next start, and each hello brings another document. */
async function removeOvertaken({ store, log }: InstallParts, before: Sha256 | null): Promise<void> {
  if (before === null) return;
  await store.removeDocument(before).catch((cause: unknown) => {
    // It is followed no more; an idle moment tries again, and tells a fault.
    if (!(cause instanceof StoreError)) throw cause;
    log.warn({ event: "desired.left", code: cause.code }, cause.message);
  });
}

interface Arrived {
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

/** protocol.md 1.5.4: what a newer root might change is judged again after one was looked for. */
async function check(
  parts: InstallParts,
  walk: RootWalk,
  { bytes, signal }: Arrived,
): Promise<Peeked | undefined> {
  try {
    return peekDesired(parts, bytes);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    if (isRootBound(cause.code)) walk.ask(cause.code);
    if (!isRootBound(cause.code) || !(await walk.go(signal))) {
      refuse(parts, bytes, cause);
      return undefined;
    }
  }
  return checkAgain(parts, bytes);
}

function checkAgain(parts: InstallParts, bytes: Uint8Array): Peeked | undefined {
  try {
    return peekDesired(parts, bytes);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    refuse(parts, bytes, cause);
    return undefined;
  }
}

function refuse(parts: InstallParts, bytes: Uint8Array, refusal: VerifyError): void {
  const { code, message } = refusal;
  // Redelivery out of order is ordinary; anything newer is already followed.
  if (code === "ROLLBACK") parts.log.info({ event: "desired.stale", code }, message);
  else parts.log.warn({ event: "desired.refused", code }, message);
  if (code === "NOT_FRESH") parts.needHello();
  parts.refused({ code, sha256: sha256(bytes) });
}

async function commitBlocked(parts: InstallParts, desired: DesiredDocument): Promise<void> {
  const state = parts.record.current();
  const blocked = stillBlocked(state.blocked, desired.models);
  if (blocked.length < state.blocked.length) await parts.record.commit({ ...state, blocked });
}

async function fetchAll(
  parts: InstallParts,
  desired: DesiredDocument,
  signal: AbortSignal,
): Promise<CheckedRelease[] | undefined> {
  const releases: CheckedRelease[] = [];
  for (const model of desired.models) {
    try {
      releases.push({ model, document: await documentOf(parts, model, signal) });
    } catch (cause) {
      if (signal.aborted || !isCodedError(cause)) throw cause;
      // Neither the release nor its download is at fault: the document waits until the disk takes it.
      if (cause instanceof StoreError) throw cause;
      const code = cause instanceof VerifyError ? refusalOfVerify(cause.code) : "DOWNLOAD_FAILED";
      await reportRefused(parts, model, { code, detail: cause.message });
      return undefined;
    }
  }
  return releases;
}

/**
 * Naming what already runs is no installation: neither a floor nor a change of keys stands against it, only its being
 * revoked.
 */
async function documentOf(
  parts: InstallParts,
  model: DesiredModel,
  signal: AbortSignal,
): Promise<ReleaseDocument> {
  const { record, shelf } = parts;
  if (!isInstalled(record.current(), model)) {
    return shelf.fetch(model, floorOf(record.trust(), model.model), signal);
  }
  if (record.isRevoked(model.release)) {
    throw new VerifyError("REVOKED", `release ${model.release} is revoked by the root`);
  }
  const held = await shelf.find(model);
  return held?.model === model.model ? held : shelf.fetch(model, 0, signal);
}

function isInstalled(state: AgentState, model: DesiredModel): boolean {
  return slotOf(state, model.slot).active?.release === model.release;
}

/** A release whose document cannot be had or believed. */
export function reportRefused(
  parts: InstallParts,
  { slot, release, model }: DesiredModel,
  failure: { readonly code: ReturnType<typeof refusalOfVerify>; readonly detail: string },
): Promise<void> {
  return parts.report({
    slot,
    release,
    model,
    version: unknownVersion,
    step: "refused",
    ...failure,
  });
}

async function reportAccepted(
  parts: InstallParts,
  releases: readonly CheckedRelease[],
  before: readonly DesiredModel[],
): Promise<void> {
  for (const { model, document } of releases) {
    const { slot, release, attempt } = model;
    // A document is signed again for every hello; only another release, or attempt, is news.
    const known = before.some(
      (held) => held.slot === slot && held.release === release && held.attempt === attempt,
    );
    if (known || isInstalled(parts.record.current(), model)) continue;
    await parts.report({
      slot,
      release,
      model: document.model,
      version: document.version,
      step: "accepted",
    });
  }
}
