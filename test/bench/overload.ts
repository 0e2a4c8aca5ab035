import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { agentFlags } from "./agent-flags.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import type { OverloadFigures, OverloadTask } from "./served/overloaded-process.ts";

const task: OverloadTask = { bound: 64, times: 5, warmUpMs: 6_000, pressMs: 30_000 };
const RECOVER_MS_MAX = 1_000;
const GROWTH_MIB_MAX = 20;
/** What refusing four of five may cost the fifth: the crowd that asks runs on the same two processors. */
const PACE_RATIO_MAX = 2;
const MIB = 1024 * 1024;

/** Five times what a model can do, for half a minute: what is accepted, refused, held in memory, and how it ends. */
export const overload: BenchPart = {
  name: "overload",
  run: async (progress) => {
    progress(`${task.times} × overload, after ${task.warmUpMs / 1_000} s to find its pace`);
    const path = fileURLToPath(new URL("served/overloaded-process.ts", import.meta.url));
    const flags = ["--conditions=modelfleet-source", "--no-warnings", ...agentFlags];
    const args = [...flags, path, JSON.stringify(task)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return linesOf(JSON.parse(stdout) as OverloadFigures);
  },
};

function linesOf(figures: OverloadFigures): readonly BenchLine[] {
  const { steadyMs, pressedMs, p99Ms, longestQueue, refused, untyped, recoveredMs } = figures;
  const p99Max = task.bound * pressedMs * 1.2;
  const growthMiB = figures.grownBytes / MIB;
  const one = (what: string, ours: number, limit: string, holds: boolean): BenchLine => {
    return { scenario: 24, what, ours, bare: null, limit, holds };
  };
  const pace = one(
    "for one request under overload, ms",
    pressedMs,
    `≤ ${PACE_RATIO_MAX} × in peace`,
    pressedMs <= PACE_RATIO_MAX * steadyMs,
  );
  return [
    one("longest queue", longestQueue, `≤ ${task.bound}`, longestQueue <= task.bound),
    { ...pace, bare: steadyMs },
    one(
      "99th percentile of accepted, ms",
      p99Ms,
      `≤ ${task.bound} × ${pressedMs.toFixed(2)} × 1.2 = ${p99Max.toFixed(1)}`,
      p99Ms <= p99Max,
    ),
    one("refused as OVERLOADED", refused, "> 0", refused > 0),
    one("failed otherwise", untyped, "0", untyped === 0),
    one(
      `growth of the agent's memory (${agentFlags.join(" ")}), MiB`,
      growthMiB,
      `≤ ${GROWTH_MIB_MAX}`,
      growthMiB <= GROWTH_MIB_MAX,
    ),
    one(
      "back to the steady pace after, ms",
      recoveredMs,
      `≤ ${RECOVER_MS_MAX}`,
      recoveredMs <= RECOVER_MS_MAX,
    ),
  ];
}
