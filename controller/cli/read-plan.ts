import { RolloutPlan, rolloutLimits } from "@modelfleet/protocol";
import type { z } from "zod";
import { CliError } from "./cli-error.ts";
import { escaped, type PlainYaml, plainYaml, YamlFault } from "./plan-yaml.ts";
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
  const result = RolloutPlan.safeParse(yaml.value ?? {});
  if (result.success) return { plan: result.data, placeOf };
  const faults = result.error.issues.flatMap(faultsOf);
  const shown = faults
    .slice(0, faultsMax)
    .map(({ pointer, detail }) => `${placeOf(pointer)}: ${pointer.slice(1)}: ${detail}`);
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

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue): readonly Fault[] {
  if (issue.code === "invalid_union") {
    // Of the forms it could have, the one it comes nearest to.
    const [nearest] = issue.errors.toSorted((left, right) => left.length - right.length);
    const inner = (nearest ?? []).map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
    if (inner.length > 0) return inner.flatMap(faultsOf);
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      pointer: pointerOf([...issue.path, key]),
      detail: "expected no such member",
    }));
  }
  return [{ pointer: pointerOf(issue.path), detail: issue.message }];
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${escaped(String(part))}`).join("");
}
