import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPlan } from "@modelfleet/controller/plan";
import { RolloutPlan } from "@modelfleet/protocol";
import { BusSimulation } from "./bus/bus-simulation.ts";
import { judgeSimulation } from "./bus/judge-simulation.ts";
import type { SimulatorOptions } from "./options.ts";
import { renderReport } from "./report.ts";
import type { SimulationResult } from "./verdict.ts";

export interface Simulated {
  readonly result: SimulationResult;
  /** For people. */
  readonly report: string;
}

/**
 * Simulates one rollout, in a folder that is gone afterwards.
 *
 * @param progress told of what happens, one line each
 * @throws CodedError when the plan is wrong, or the simulation does not come to rest
 */
export async function simulate(
  options: SimulatorOptions,
  progress: (line: string) => void,
): Promise<Simulated> {
  const plan =
    options.planFile === undefined ? defaultPlan : (await readPlan(options.planFile)).plan;
  const folder = await mkdtemp(join(tmpdir(), "modelfleet-simulation-"));
  const startMs = performance.now();
  const realMs = () => performance.now() - startMs;
  try {
    await using simulation = new BusSimulation({ options, plan, progress, folder, realMs });
    const ended = await simulation.run();
    const { result, losses } = await judgeSimulation(ended);
    const report = [renderReport(ended.rollout, ended.times), ...losses].join("\n");
    const seconds = Math.round(realMs() / 100) / 10;
    return { result: { ...result, seconds }, report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** 1 %, 10 %, 100 %. */
const defaultPlan = RolloutPlan.parse({
  stages: [1, 10, 100].map((percent) => ({ size: { percent }, bakeMs: 60_000 })),
});
