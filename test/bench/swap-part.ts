import { temporaryFolder } from "../support/temporary-folder.ts";
import type { BenchLine, BenchPart } from "./bench-line.ts";
import { latencies } from "./statistics.ts";
import {
  latenciesWithin,
  measureSwaps,
  prepareSwaps,
  type SwapRun,
  type SwapScale,
  withoutAnswer,
} from "./swaps-under-load.ts";

const middle: SwapScale = {
  layers: [784, 2_048, 1_280, 10],
  requestsPerSecond: 200,
  swaps: 20,
  steadyMs: 5_000,
};
const large: SwapScale = {
  layers: [2_048, 8_192, 1_024, 10],
  requestsPerSecond: 20,
  swaps: 4,
  steadyMs: 2_000,
};

/** What a swap costs the applications: no answer, and how long the slowest waits. */
export const swap: BenchPart = {
  name: "swap",
  run: async (progress) => {
    progress(`${middle.swaps} swaps of 17 MB at ${middle.requestsPerSecond} requests/s`);
    const ofMiddle = await compare(middle);
    progress(`${large.swaps} swaps of 102 MB at ${large.requestsPerSecond} requests/s`);
    const ofLarge = await compare(large);
    return [...linesOfMiddle(ofMiddle), lineOfLarge(ofLarge)];
  },
};

type Compared = { readonly agent: SwapRun; readonly inProcess: SwapRun };

async function compare(scale: SwapScale): Promise<Compared> {
  await using folder = await temporaryFolder();
  const rig = await prepareSwaps(folder.path, scale);
  const agent = await measureSwaps("agent", rig);
  const fewer = { ...rig, scale: { ...scale, swaps: Math.ceil(scale.swaps / 4) } };
  return { agent, inProcess: await measureSwaps("inProcess", fewer) };
}

function linesOfMiddle({ agent, inProcess }: Compared): readonly BenchLine[] {
  const { failed, lost, mismatched } = withoutAnswer(agent);
  const ours = failed + lost + mismatched;
  const steadyMs = latencies(latenciesWithin(agent, [agent.steady])).worst;
  const worstMs = worstInSwaps(agent);
  const limitMs = 2 * steadyMs + 10;
  return [
    {
      scenario: 1,
      what: `requests of ${agent.result.sent} without the right answer, 20 swaps`,
      ours,
      bare: null,
      limit: "0",
      holds: ours === 0,
    },
    {
      scenario: 2,
      what: "worst request during a swap of 17 MB, ms",
      ours: worstMs,
      bare: worstInSwaps(inProcess),
      limit: `≤ 2 × ${steadyMs.toFixed(1)} (worst steady) + 10`,
      holds: worstMs <= limitMs,
    },
  ];
}

function lineOfLarge({ agent, inProcess }: Compared): BenchLine {
  const ours = worstInSwaps(agent);
  const bare = worstInSwaps(inProcess);
  const what = "worst request during a swap of 102 MB, ms";
  return { scenario: 2, what, ours, bare, limit: "≤ 50", holds: ours <= 50 };
}

function worstInSwaps(run: SwapRun): number {
  return latencies(latenciesWithin(run, run.swaps)).worst;
}
