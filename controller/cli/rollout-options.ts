import { type PlanStage, type Problem, RolloutPlan } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import { readCount, readDuration } from "./read-options.ts";
import { readPlan } from "./read-plan.ts";

/** What a person says of a plan beside its file. */
export interface PlanOptions {
  readonly select?: string;
  readonly slot?: string;
  readonly stages?: string;
  readonly soak?: string;
  readonly success?: string;
  readonly errors?: string;
  readonly priority?: string;
}

export interface PlanChoice {
  readonly plan: RolloutPlan;
  /** Names the places that a controller found fault with in the file, where there is one. */
  readonly located: (error: unknown) => unknown;
}

/** The plan of the file, or the one of a person without any; what stands on the command line goes before. @throws CliError */
export async function planOf(
  planFile: string | undefined,
  options: PlanOptions,
): Promise<PlanChoice> {
  const file = planFile === undefined ? undefined : await readPlan(planFile);
  const base: RolloutPlan = file?.plan ?? RolloutPlan.parse({});
  const { select = base.select, slot = base.slot, priority } = options;
  const result = RolloutPlan.safeParse({
    ...base,
    select,
    slot,
    stages: stagesOf(options, base.stages),
    ...(priority === undefined ? {} : { priority: readCount("--priority", priority) }),
  });
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new CliError("USAGE", `${issue?.path.join(".") ?? "plan"}: ${issue?.message ?? ""}`);
  }
  return { plan: result.data, located: (error) => located(error, file?.placeOf) };
}

function stagesOf(
  { stages, soak, success, errors }: PlanOptions,
  planned: readonly PlanStage[],
): readonly object[] {
  const base = stages === undefined ? planned : stages.split(",").map((text) => sized(text.trim()));
  const bake = soak === undefined ? {} : { bakeMs: readDuration("--soak", soak) };
  const changed = {
    ...(success === undefined ? {} : { successPercent: readPercent("--success", success) }),
    ...(errors === undefined ? {} : { errorPercent: readPercent("--errors", errors) }),
  };
  return base.map((stage) => {
    const { thresholds = {} } = stage as { thresholds?: object };
    return { ...stage, ...bake, thresholds: { ...thresholds, ...changed } };
  });
}

/** `5%` or `20`. */
function sized(text: string): object {
  const [, count, percent] = /^(\d{1,9})(%?)$/.exec(text) ?? [];
  if (count === undefined) {
    throw new CliError(
      "USAGE",
      `--stages: expected shares or numbers of devices like 5%,25%,100%, got "${text.slice(0, 32)}"`,
    );
  }
  const number = Number(count);
  if (percent !== "%" && number > 0) return { size: { devices: number } };
  if (number >= 1 && number <= 100) return { size: { percent: number } };
  throw new CliError(
    "USAGE",
    `--stages: expected shares from 1% to 100%, or numbers from 1, got "${text}"`,
  );
}

/** `5%` or `5`. */
function readPercent(option: string, text: string): number {
  const percent = readCount(option, text.replace(/%$/, ""));
  if (percent <= 100) return percent;
  throw new CliError("USAGE", `${option}: expected a share from 0 to 100, got "${text}"`);
}

function located(error: unknown, placeOf: ((pointer: string) => string) | undefined): unknown {
  if (!(error instanceof CliError) || placeOf === undefined) return error;
  if (error.problemCode !== "PLAN_INVALID" || error.places.length === 0) return error;
  const lineOf = ({ pointer, detail }: NonNullable<Problem["errors"]>[number]) =>
    `${placeOf(pointer)}: ${pointer.slice(1)}: ${detail}`;
  return new CliError("REFUSED", error.places.map(lineOf).join("\n"), {
    problemCode: error.problemCode,
    cause: error,
  });
}
