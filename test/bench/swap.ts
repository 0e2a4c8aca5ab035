import { temporaryFolder } from "../support/temporary-folder.ts";
import { digits, latencies, printTable } from "./statistics.ts";
import {
  latenciesWithin,
  measureSwaps,
  prepareSwaps,
  type SwapRun,
  withoutAnswer,
} from "./swaps-under-load.ts";

/**
 * What a swap costs the applications of a device: 20 swaps between two 17 MB versions under open-loop load over the
 * Unix socket, every answer checked bit by bit; and the same with the library loaded in the serving process.
 */
const scale = {
  layers: [784, 2_048, 1_280, 10],
  requestsPerSecond: 200,
  swaps: 20,
  steadyMs: 10_000,
} as const;

async function main(): Promise<void> {
  await using folder = await temporaryFolder();
  const rig = await prepareSwaps(folder.path, scale);
  process.exitCode = report(await measureSwaps("agent", rig), await measureSwaps("inProcess", rig));
}

function report(agent: SwapRun, inProcess: SwapRun): number {
  const rowOf = (name: string, samples: readonly number[]) => {
    const { p50, p99, worst } = latencies(samples);
    return [name, String(samples.length), ...[p50, p99, worst].map((ms) => ms.toFixed(2))];
  };
  const steady = latenciesWithin(agent, [agent.steady]);
  const swapping = latenciesWithin(agent, agent.swaps);
  const blocked = latenciesWithin(inProcess, inProcess.swaps);
  printTable([
    [
      `${scale.swaps} swaps at ${scale.requestsPerSecond} requests/s`,
      "requests",
      "p50 ms",
      "p99 ms",
      "worst ms",
    ],
    rowOf("agent, steady", steady),
    rowOf("agent, during a swap", swapping),
    rowOf("in process, steady", latenciesWithin(inProcess, [inProcess.steady])),
    rowOf("in process, during a swap", blocked),
  ]);
  const tookMs = latencies(agent.swaps.map(({ fromMs, untilMs }) => untilMs - fromMs));
  console.log(
    `a swap from its start to the end of the old runner: p50 ${tookMs.p50.toFixed(0)} ms`,
  );
  const { answered, failures } = agent.result;
  for (const failure of failures.slice(0, 5)) console.log(`failed: ${failure}`);
  const without = withoutAnswer(agent);
  console.log(
    JSON.stringify({
      swaps: agent.swaps.length,
      answered: answered.length,
      ...without,
      worstSwapMs: digits(latencies(swapping).worst),
      worstSteadyMs: digits(latencies(steady).worst),
      worstInProcessMs: digits(latencies(blocked).worst),
    }),
  );
  return without.failed + without.lost + without.mismatched === 0 ? 0 : 1;
}

await main();
