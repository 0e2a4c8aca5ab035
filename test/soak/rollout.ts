/**
 * `npm run soak:rollout -- --points 200 --seed 7`: a controller is killed at random moments while it carries rollouts to a
 * fleet of devices on its bus, and started again. The last line is JSON; the exit code is 1 when a rollout ended
 * otherwise than without a kill, a report was lost or a transition came twice. How long the controller took to come back is
 * told; with `--resume-ms-max 10000`, on a machine that does nothing else, it is judged too.
 *
 * Shows R27: a controller that is killed at random points of rollouts leaves each with the end it has without a kill
 */
import { parseArgs } from "node:util";
import { rolloutLane } from "../support/rollout-killed/rollout-lane.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { values } = parseArgs({
  options: {
    points: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    /** Controllers with a fleet each, at the same time. */
    lanes: { type: "string", default: "1" },
    "resume-ms-max": { type: "string", default: "Infinity" },
  },
});
const points = Number(values.points);
const seed = Number(values.seed);
const lanes = Number(values.lanes);
const resumeMsMax = Number(values["resume-ms-max"]);

await using cache = await temporaryFolder("modelfleet-soak-cache-");
const beganMs = performance.now();
const seconds = () => Math.round((performance.now() - beganMs) / 1_000);
let done = 0;
const killed = () => {
  done += 1;
  if (done % 10 === 0) console.log(`${done} of ${points} kills, ${seconds()} s`);
};
console.log(`seed ${seed}, ${points} points on ${lanes} fleets`);
const results = await Promise.all(
  Array.from({ length: lanes }, (_, lane) =>
    rolloutLane({
      points: Math.ceil((points - lane) / lanes),
      seed: (seed + 2 * lane) >>> 0,
      cacheFolder: cache.path,
      killed,
    }),
  ),
);
const resumeMs = results.flatMap((result) => result.resumeMs).toSorted((a, b) => a - b);
const violations = [
  ...results.flatMap((result) => result.violations),
  ...resumeMs.filter((ms) => ms > resumeMsMax).map((ms) => `it came back after ${ms} ms`),
];
for (const text of violations) console.log(text);
const sum = (of: "rollouts" | "kills") => results.reduce((all, result) => all + result[of], 0);
console.log(
  JSON.stringify({
    ...{ points, kills: sum("kills"), rollouts: sum("rollouts") },
    ...{ violations: violations.length, seed, seconds: seconds() },
    resumeMsMedian: resumeMs[Math.floor(resumeMs.length / 2)] ?? null,
    resumeMsMax: resumeMs.at(-1) ?? null,
  }),
);
process.exitCode = violations.length === 0 ? 0 : 1;
