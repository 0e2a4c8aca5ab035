import {
  type ExecutionState,
  ExecutionState as ExecutionStates,
  type PauseReason,
  type Rollout,
  type RolloutStage,
  type RolloutState,
  type StageState,
} from "@modelfleet/protocol";

const BAR_WIDTH = 24;

/** A rollout for people: how far each stage is, its figures against what the plan wants, and what to type next. */
export function renderRollout(rollout: Rollout): string {
  const { id, model, modelVersion, state, paused, detail, approval, startAtMs } = rollout;
  const how = paused === null ? state : `${state} (${paused})`;
  return [
    `rollout ${id}  ${model}@${modelVersion}  ${how}`,
    ...(detail === null ? [] : [`  ${detail}`]),
    ...(state === "scheduled" && startAtMs !== null
      ? [`  begins at ${new Date(startAtMs).toISOString()}`]
      : []),
    ...(approval.state === "awaiting-approval"
      ? [`  waits for somebody else than ${approval.requestedBy}`]
      : []),
    ...rollout.stages.flatMap((stage) => renderStage(rollout, stage)),
    ...(rollout.control > 0
      ? [
          `${rollout.control === 1 ? "1 device is" : `${rollout.control} devices are`} kept aside as control until the last stage`,
        ]
      : []),
    ...nextOf(rollout),
  ].join("\n");
}

function renderStage({ plan, state }: Rollout, stage: RolloutStage): readonly string[] {
  const title = `stage ${stage.stage + 1}${stage.name === null ? "" : ` ${stage.name}`}`;
  if (stage.state === "reverted") return [`${title}  reverted`, ...wayBackOf(stage, state)];
  const planned = plan.stages[stage.stage];
  const limits = planned === undefined ? [] : [`  ${limitsOf(stage, planned.thresholds)}`];
  return [
    `${title}  ${stage.state}`,
    `  ${bar(stage)} ${figuresOf(stage)}`,
    ...(underWay.has(stage.state) ? [...limits, ...funnelOf(stage)] : []),
    ...(stage.detail === null ? [] : [`  ${stage.detail}`]),
  ];
}

/** Devices that were sent back have not failed: here it counts who is back, of those that must. */
function wayBackOf(stage: RolloutStage, state: RolloutState): readonly string[] {
  const { funnel, detail } = stage;
  const back = funnel["rolled-back"] ?? 0;
  const all = back + (funnel.reverting ?? 0);
  // The order to go back is given a moment after the stage was reverted.
  const isBegun = all > 0 || (state !== "rolling-back" && state !== "aborting");
  const nobody = isBegun ? "nobody had to go back" : "whoever has the release is about to go back";
  const figures = all === 0 ? nobody : `${back} of ${all} are back`;
  return [
    `  ${bar({ ...stage, counted: all, ok: back, bad: 0, funnel: {} })} ${figures}`,
    ...funnelOf(stage),
    ...(detail === null ? [] : [`  before that: ${detail}`]),
  ];
}

/** Only of these it is still open how they end. */
const underWay: ReadonlySet<StageState> = new Set([
  "deploying",
  "baking",
  "evaluating",
  "awaiting-review",
  "inconclusive",
  "failed",
]);

/** Confirmed `█`, under way `▒`, failed `x`, not begun `·`; each that has any is seen. */
export function bar({ counted, ok, bad, funnel }: RolloutStage, width = BAR_WIDTH): string {
  if (counted === 0) return "·".repeat(width);
  const underWay = counted - ok - bad - (funnel.queued ?? 0);
  const cells = (count: number) =>
    count <= 0 ? 0 : Math.min(width, Math.max(1, Math.round((count / counted) * width)));
  const text = `${"█".repeat(cells(ok))}${"▒".repeat(cells(underWay))}${"x".repeat(cells(bad))}`;
  // What is shown at least in one cell takes it from the largest, which comes first.
  return text.length > width ? text.slice(text.length - width) : text.padEnd(width, "·");
}

function figuresOf({ counted, ok, bad }: RolloutStage): string {
  return `${ok} of ${counted} confirmed, ${bad} failed`;
}

type Thresholds = Rollout["plan"]["stages"][number]["thresholds"];

function limitsOf({ counted, acknowledged }: RolloutStage, thresholds: Thresholds): string {
  const { successPercent, errorPercent, errorsMax } = thresholds;
  const needed = Math.ceil((successPercent * counted) / 100);
  const allowed = Math.floor((errorPercent * counted) / 100);
  return [
    `passes at ${needed} (${successPercent} %)`,
    `halts above ${Math.min(allowed, errorsMax ?? allowed)} failed (${errorPercent} %${errorsMax === undefined ? "" : `, at most ${errorsMax}`})`,
    ...(acknowledged > 0 ? [`failures acknowledged: ${acknowledged}`] : []),
  ].join(", ");
}

/** From queued to confirmed, in the order it happens, a bar each; states with nobody are left out. */
function funnelOf({ funnel, size }: RolloutStage): readonly string[] {
  const rows = ExecutionStates.options
    .map((state: ExecutionState) => [state, funnel[state] ?? 0] as const)
    .filter(([, count]) => count > 0);
  return rows.map(([state, count]) => {
    const cells = Math.min(BAR_WIDTH, Math.max(1, Math.round((count / size) * BAR_WIDTH)));
    return `  ${wordOf(state).padEnd(12)} ${"▇".repeat(cells).padEnd(BAR_WIDTH)} ${count}`;
  });
}

function wordOf(state: ExecutionState): string {
  return state === "succeeded" ? "confirmed" : state;
}

const afterPause: Readonly<Record<PauseReason, readonly string[]>> = {
  operator: ["resume"],
  halt: ["devices", "resume", "rollback"],
  inconclusive: ["resume", "promote"],
  review: ["promote", "rollback"],
  superseding: ["resume"],
};

/** What a person can do about a rollout that waits for one. */
function nextOf({ id, state, paused }: Rollout): readonly string[] {
  if (state === "draft" || state === "scheduled") return [`next: modelfleet rollout start ${id}`];
  if (state === "awaiting-approval") return [commandsOf(id, ["approve", "deny"])];
  if (state !== "paused" || paused === null) return [];
  return [commandsOf(id, afterPause[paused])];
}

function commandsOf(id: string, words: readonly string[]): string {
  const commands = words.map((word) =>
    word === "devices"
      ? `modelfleet rollout devices ${id} --state failed,rejected,timed-out,rolled-back`
      : `modelfleet rollout ${word} ${id} --reason TEXT`,
  );
  return `next: ${commands.join("\n  or: ")}`;
}
