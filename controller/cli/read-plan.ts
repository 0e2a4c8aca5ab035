import { checkAgainst, jsonPointer, RolloutPlan, rolloutLimits } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import { type PlainYaml, plainYaml, YamlFault } from "./plan-yaml.ts";
import { readSmallFile } from "./read-small-file.ts";

/** A rollout plan in a file, YAML or JSON (docs/rollouts.md). */
export interface PlanFile {
  readonly plan: RolloutPlan;
  /** `plan.yaml:12:5` for a JSON pointer into the plan: what a controller refuses is found in the file. */
  readonly placeOf: (pointer: string) => string;
}

/** What is wrong is shown up to so often. */
const faultsMax = 10;

/**
 * @throws CliError PLAN_INVALID with file, line and column of everything that is wrong; FILE when it cannot be read
 */
export async function readPlan(path: string): Promise<PlanFile> {
  const bytes = await readSmallFile(path, rolloutLimits.planBytesMax);
  const yaml = parsed(path, decoded(path, bytes));
  const placeOf = (pointer: string) => {
    const { line, column } = yaml.placeOf(pointer);
    return `${path}:${line}:${column}`;
  };
  const answer = checkAgainst(RolloutPlan, yaml.value ?? {});
  if (answer.kind === "fits") return { plan: answer.value, placeOf };
  const { faults } = answer;
  const shown = faults.slice(0, faultsMax).map(({ path: at, reason }) => {
    const pointer = jsonPointer(at);
    return `${placeOf(pointer)}: ${pointer.slice(1)}: ${reason}`;
  });
  const more = faults.length > faultsMax ? [`and ${faults.length - faultsMax} more`] : [];
  throw new CliError("PLAN_INVALID", [...shown, ...more].join("\n"));
}

function decoded(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CliError("PLAN_INVALID", `${path}: expected text in UTF-8`, { cause });
  }
}

function parsed(path: string, text: string): PlainYaml {
  try {
    return plainYaml(text);
  } catch (cause) {
    if (!(cause instanceof YamlFault)) throw cause;
    const { line, column } = cause.place;
    throw new CliError("PLAN_INVALID", `${path}:${line}:${column}: ${cause.message}`, { cause });
  }
}
