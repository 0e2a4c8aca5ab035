/**
 * `npm run soak:kill -- --rounds 1000 --seed 7`: real agents are killed at random moments while releases are swapped
 * without end. The last line is JSON; the exit code is 1 when a device stopped serving, or lost what it must keep.
 */
import { parseArgs } from "node:util";
import { seededRandom } from "../support/random.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { killLane } from "./kill-lane.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    /** Devices at the same time. */
    lanes: { type: "string", default: "2" },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const lanes = Number(values.lanes);

await using cache = await temporaryFolder("modelfleet-soak-cache-");
const beganMs = performance.now();
let begun = 0;
let kills = 0;
const another = () => {
  begun += 1;
  return begun <= rounds;
};
const killed = () => {
  kills += 1;
  if (kills % 25 === 0) console.log(`${kills} of ${rounds} kills, ${seconds()} s`);
};
const seconds = () => Math.round((performance.now() - beganMs) / 1_000);
console.log(`seed ${seed}, ${rounds} rounds on ${lanes} devices`);
const results = await Promise.all(
  Array.from({ length: lanes }, (_, lane) =>
    killLane({
      random: seededRandom((seed + lane) >>> 0),
      another,
      killed,
      cacheFolder: cache.path,
    }),
  ),
);
const bricks = results.flatMap((result) => result.bricks);
const violations = results.flatMap((result) => result.violations);
for (const text of [...bricks, ...violations]) console.log(text);
const [bricked, violated] = [bricks.length, violations.length];
console.log(
  JSON.stringify({
    ...{ rounds, kills, bricks: bricked, violations: violated, seed, seconds: seconds() },
  }),
);
process.exitCode = bricked + violated === 0 ? 0 : 1;
