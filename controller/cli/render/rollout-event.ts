import type { RolloutEvent } from "@modelfleet/protocol";
import { plainLine } from "./plain-text.ts";

/** Members of an entry's detail that every event of a rollout has, or that say nothing here. */
const left: readonly string[] = ["model", "version", "release", "seq", "from", "to"];

/** One line: when, what, of which device or stage, why, and who where it was a person. */
export function renderEvent({ atMs, actor, action, detail }: RolloutEvent): string {
  const at = secondOf(new Date(atMs));
  const { device, stage, code, reason, ...rest } = membersOf(detail);
  const parts = [
    ...(device === undefined ? [] : [textOf(device)]),
    ...(typeof stage === "number" ? [`stage ${stage + 1}`] : []),
    ...(code === undefined ? [] : [textOf(code)]),
    ...(reason === undefined || reason === null ? [] : [textOf(reason)]),
    ...Object.entries(rest)
      .filter(([name, value]) => !left.includes(name) && value !== null && value !== "")
      .map(([name, value]) => `${name}=${textOf(name.endsWith("AtMs") ? timeOf(value) : value)}`),
    ...(actor === "system" || actor.startsWith("device:") ? [] : [`by ${actor}`]),
  ];
  return plainLine(`${at}  ${action.padEnd(24)}  ${parts.join("  ")}`).trimEnd();
}

/** A detail is the text of an object; one that is none is told as it is. */
function membersOf(detail: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(detail);
    return typeof value === "object" && value !== null ? { ...value } : { reason: detail };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { reason: detail };
  }
}

/** What is no time stays as it is. */
function timeOf(value: unknown): unknown {
  const time = typeof value === "number" ? new Date(value) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? value : secondOf(time);
}

function secondOf(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
