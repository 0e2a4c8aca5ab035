import type { ExplainedDevice } from "./explained-device.ts";
import { offeringStages } from "./machine/offering-stages.ts";
import { stageFigures } from "./machine/stage-figures.ts";
import { isPassed } from "./machine/stage-standing.ts";
import type { OfferHold } from "./offer-hold.ts";
import type { RolloutSnapshot } from "./rollout.ts";
import { spanOf } from "./span-of.ts";
import type { Stage } from "./stage.ts";

/** Why a device has no order now: the rollout first, then its stage, then the pace, then its place in the order. */
export function explainQueued(explained: ExplainedDevice): string {
  const { snapshot, hold, nowMs } = explained;
  const why =
    rolloutWhy(explained) ??
    stageWhy(explained) ??
    (hold === null ? undefined : holdWhy(hold, nowMs));
  const failed = failedBefore(explained);
  if (why !== undefined) return `${failed}waits${why}`;
  const isServed = offeringStages(snapshot).length > 0;
  return `${failed}${isServed ? "is among the next: its order goes out within moments" : "waits for its turn"}`;
}

/** What came of the attempt before. */
function failedBefore({
  execution: { attempts, code, detail },
  snapshot,
}: ExplainedDevice): string {
  if (attempts === 0 || code === null) return "";
  const reason = detail === null || detail === "" ? code : `${code}: ${detail}`;
  if (code === "INFRASTRUCTURE") return `could not be served (${reason}) and `;
  const { attemptsMax } = snapshot.rollout.plan.retries;
  return `failed at attempt ${attempts} of ${Math.max(attempts, attemptsMax)} (${reason}) and `;
}

function rolloutWhy({ snapshot: { rollout }, nowMs }: ExplainedDevice): string | undefined {
  const { id, state, detail, startAtMs } = rollout;
  switch (state) {
    case "draft":
      return `: the rollout is a draft (modelfleet rollout start ${id})`;
    case "validating":
      return ": the rollout is about to choose its devices";
    case "awaiting-approval":
      return `: a second person must approve the rollout (modelfleet rollout approve ${id} --reason TEXT)`;
    case "scheduled":
      return startAtMs === null
        ? ": the rollout is about to begin"
        : ` for ${new Date(startAtMs).toISOString()}, in ${spanOf(startAtMs - nowMs)}, when the rollout begins`;
    case "paused":
      return pausedWhy(rollout);
    case "aborting":
    case "rolling-back":
      return `: the rollout is ${state}, and nobody gets an order any more`;
    case "running":
    case "completed":
    case "completed-with-failures":
      return undefined;
    case "rejected":
    case "denied":
    case "aborted":
    case "rolled-back":
    case "rollback-incomplete":
    case "superseded":
      return ` for nothing: the rollout is ${state}${detail === null ? "" : ` (${detail})`}`;
  }
}

const pauses = {
  operator: "somebody has paused the rollout",
  halt: "the rollout has halted after failures",
  inconclusive: "too few devices of the stage were decided at its deadline",
  review: "a person must look at the stage before the next one begins",
  superseding: "another rollout takes devices from it",
} as const;

function pausedWhy({ id, paused, detail }: RolloutSnapshot["rollout"]): string {
  const reason = paused === null ? "the rollout is paused" : pauses[paused];
  const said = detail === null ? "" : ` (${detail})`;
  const next = paused === "review" ? "promote" : "resume";
  return `: ${reason}${said}; modelfleet rollout ${next} ${id} --reason TEXT goes on`;
}

function stageWhy({ snapshot, stage, isControl }: ExplainedDevice): string | undefined {
  const { stages, rollout } = snapshot;
  const current = stages.find((one) => !isPassed(one));
  if (stage === null) {
    const what = isControl
      ? "with the control cohort, which stays on what it runs, until"
      : "as a later joiner until";
    return ` ${what} the last stage begins${at(rollout, current)}`;
  }
  if (offeringStages(snapshot).includes(stage)) return undefined;
  if (current !== undefined && current.stage < stage) {
    return ` until stage ${nameOf(rollout, stage)} begins${at(rollout, current)}`;
  }
  const own = stages.find((one) => one.stage === stage);
  return own && `: its stage ${nameOf(rollout, stage)} is ${own.state}${saidBy(own)}`;
}

/** Where the rollout is, against what it needs there. */
function at(rollout: RolloutSnapshot["rollout"], stage: Stage | undefined): string {
  if (stage === undefined) return "";
  const { ok, bad, counted } = stageFigures(stage.counts);
  const percent = rollout.plan.stages[stage.stage]?.thresholds.successPercent ?? 100;
  return `; stage ${nameOf(rollout, stage.stage)} is ${stage.state}: ${ok} of ${counted} confirmed, ${percent} % needed, ${bad} failed`;
}

function saidBy({ detail }: Stage): string {
  return detail === null ? "" : ` (${detail})`;
}

/** Counted from 1, as people do. */
function nameOf({ plan }: RolloutSnapshot["rollout"], stage: number): string {
  const name = plan.stages[stage]?.name;
  return name === undefined ? `${stage + 1}` : `${stage + 1} (${name})`;
}

function holdWhy(hold: OfferHold, nowMs: number): string {
  switch (hold.by) {
    case "BACKOFF":
      return ` ${spanOf(hold.untilMs - nowMs)} more before the next`;
    case "BOXED":
      return ` ${spanOf(hold.untilMs - nowMs)} more in the penalty box, after ${hold.failures} failures of late`;
    case "BUDGET":
      return ` for its group ${hold.groupBy}=${hold.group === "" ? "(none)" : hold.group}: ${hold.unavailable} of ${hold.devices} devices are out of service, and ${boundOf(hold)}`;
    case "IN_FLIGHT":
      return ` until another is done: ${hold.inFlight} devices are under way, at most ${hold.inFlightMax} may be (inFlightMax)`;
    case "RATE":
      return ` for the rate: ${hold.perMinute} orders a minute, and those of this minute are given`;
  }
}

function boundOf({ unavailableMax, availableMin }: Extract<OfferHold, { by: "BUDGET" }>): string {
  const parts = [
    ...(unavailableMax === undefined ? [] : [`at most ${unavailableMax} may be`]),
    ...(availableMin === undefined ? [] : [`at least ${availableMin} must stay in service`]),
  ];
  return parts.join(", ");
}
