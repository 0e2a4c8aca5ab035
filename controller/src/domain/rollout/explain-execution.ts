import type { ExecutionState } from "@modelfleet/protocol";
import type { Execution } from "./execution.ts";
import { explainQueued } from "./explain-queued.ts";
import type { ExplainedDevice } from "./explained-device.ts";
import { spanOf } from "./span-of.ts";

/** Why a device waits, or how it ended, in one sentence. */
export function explainExecution(explained: ExplainedDevice): string {
  return `${explained.device} ${clauses[explained.execution.state](explained)}.`;
}

type Clause = (explained: ExplainedDevice) => string;

const clauses: Readonly<Record<ExecutionState, Clause>> = {
  queued: explainQueued,
  offered: (explained) => reached(explained, "has its order and has not answered it yet"),
  accepted: (explained) => reached(explained, "has accepted the order and is about to download"),
  downloading: (explained) => reached(explained, "downloads the release"),
  downloaded: (explained) => reached(explained, "has downloaded and verified the release"),
  waiting: (explained) => reached(explained, `has the release and waits ${waitOf(explained)}`),
  warming: (explained) =>
    reached(explained, "loads the release and runs its golden cases, beside what serves"),
  shadowing: (explained) => reached(explained, "rehearses the release beside what serves"),
  activated: (explained) => reached(explained, "serves the release on probation"),
  reverting: (explained) => reached(explained, "goes back to what it ran before"),
  succeeded: ({ execution: { code } }) =>
    code === "NO_PREVIOUS"
      ? "serves the release and keeps it, for it had nothing to go back to"
      : "is confirmed: it serves the release",
  failed: ({ execution }) =>
    `failed after ${times(execution)}${because(execution)}; what it ran before still serves`,
  rejected: ({ execution }) =>
    `${rejections[execution.code ?? ""]?.concat(saying(execution)) ?? `refused the release${because(execution)}`}, and is not asked again`,
  "timed-out": ({ execution }) =>
    `${timeouts[execution.code ?? ""] ?? "did not come to an end in time"}${tried(execution)}`,
  "rolled-back": wentBack,
  canceled: ({ execution }) =>
    `${cancels[execution.code ?? ""] ?? "was called off"}${saying(execution)} and goes on with what it runs`,
  removed: ({ execution }) =>
    `is no longer of this rollout: ${removals[execution.code ?? ""] ?? "it was taken out"}${saying(execution)}`,
  skipped: ({ execution }) =>
    `gets no order: ${skips[execution.code ?? ""] ?? "the release is not for it"}${saying(execution)}`,
  straggler: ({ online }) =>
    online
      ? "was offline at the deadline of its stage; it is back and gets its order under the rate"
      : "was offline at the deadline of its stage, which went on without it; it gets its order when it is back",
};

/** What is under way, for how long, and whether the device can be heard at all. */
function reached({ execution, online, nowMs }: ExplainedDevice, clause: string): string {
  const sinceMs = nowMs - execution.changedAtMs;
  const attempt = execution.attempts > 1 ? `, at attempt ${execution.attempts}` : "";
  const offline = online ? "" : "; it is offline, and goes on when it is back";
  return `${clause}${attempt}, for ${spanOf(sinceMs)}${offline}`;
}

function waitOf({ execution, nextWindowAtMs }: ExplainedDevice): string {
  const { code } = execution;
  const said = saying(execution);
  if (code === "LOCK") return "for the lock on updates to be released on the device";
  if (code === "CONSENT") return `for its application to agree to the swap${said}`;
  if (code !== "WINDOW") return `to begin${said}`;
  if (nextWindowAtMs === null) return `for its maintenance window${said}`;
  return `for its maintenance window, next ${new Date(nextWindowAtMs).toISOString()}`;
}

function wentBack({ execution }: ExplainedDevice): string {
  if (execution.code === "REVERTED") return "is back on what it ran before, as it was told";
  if (execution.code === "DIVERGED") {
    return `serves other bytes than those of the release${saying(execution)}`;
  }
  return `went back to what it ran before by itself${because(execution)}`;
}

const rejections: Readonly<Record<string, string>> = {
  CONSENT_DENIED: "was denied the release on the spot, by a person or an application",
};

const timeouts: Readonly<Record<string, string>> = {
  OFFER_TIMEOUT: "is online and has not answered its order in time",
  STEP_TIMEOUT: "stopped reporting in the middle of the installation",
  EXECUTION_TIMEOUT: "did not finish the installation in the time the plan gives",
  STAGE_DEADLINE: "was not done at the deadline of its stage",
  OFFLINE_AT_DEADLINE: "was offline at the deadline of its stage",
};

const cancels: Readonly<Record<string, string>> = {
  SUPERSEDED: "got a newer order for this slot, by another rollout or by hand,",
  EXCLUDED: "was taken out by an operator",
  ABORTED: "was called off when the rollout was aborted",
};

const removals: Readonly<Record<string, string>> = {
  REVOKED_DEVICE: "the device was put out of the fleet",
  NOT_SELECTED: "the plan does not select it any more",
  SUPERSEDED: "it got a newer order for this slot",
};

const skips: Readonly<Record<string, string>> = {
  ALREADY_INSTALLED: "it serves the release already",
  INCOMPATIBLE: "the release cannot run on it",
  PINNED: "it is pinned (label pinned=true)",
};

function tried(execution: Execution): string {
  return execution.attempts > 1 ? `, after ${times(execution)}` : "";
}

function times({ attempts }: Execution): string {
  return attempts === 1 ? "one attempt" : `${attempts} attempts`;
}

function because({ code, detail }: Execution): string {
  const parts = [code, detail].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? "" : ` (${parts.join(": ")})`;
}

function saying({ detail }: Execution): string {
  return detail === null || detail === "" ? "" : ` (${detail})`;
}
