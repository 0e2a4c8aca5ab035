import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPlan } from "@modelfleet/controller/plan";
import { RolloutPlan } from "@modelfleet/protocol";
import { BusSimulation } from "./bus/bus-simulation.ts";
import { judgeSimulation } from "./judge-simulation.ts";
import type { SimulatorOptions } from "./options.ts";
import { renderReport } from "./report.ts";
import type { SimulationParts } from "./simulation-parts.ts";
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
    options.planFile === undefined
      ? defaultPlan(BAKE_STEPS * options.stepMs)
      : (await readPlan(options.planFile)).plan;
  const folder = await mkdtemp(join(tmpdir(), "modelfleet-simulation-"));
  const startMs = performance.now();
  const realMs = () => performance.now() - startMs;
  const parts = { options, plan, progress, folder, realMs };
  try {
    const { judgement, rollout, times } = await playOver[options.transport](parts);
    const { result, losses } = judgement;
    const report = [renderReport(rollout, times), ...losses].join("\n");
    const seconds = Math.round(realMs() / 100) / 10;
    return { result: { ...result, seconds }, report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const playOver = {
  mqtt: async (parts: SimulationParts) => {
    const { playMqttSimulation } = await import("./mqtt/mqtt-simulation.ts");
    return playMqttSimulation(parts);
  },
  bus: async (parts: SimulationParts) => {
    await using simulation = new BusSimulation(parts);
    const { times, ...left } = await simulation.run();
    return { judgement: await judgeSimulation(left), rollout: left.rollout, times };
  },
};

/** Of a step of an installation. */
const BAKE_STEPS = 4;

/** 1 %, 10 %, 100 %. */
const defaultPlan = (bakeMs: number) =>
  RolloutPlan.parse({
    stages: [1, 10, 100].map((percent) => ({ size: { percent }, bakeMs })),
  });
