import { type Random, seededRandom } from "../random.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type MortalFleet, mortalFleet, type Word } from "./mortal-fleet.ts";
import type { EndOfRollout, Outcome } from "./read-end.ts";
import { rolloutKiller } from "./rollout-killer.ts";

export interface RolloutLane {
  readonly points: number;
  readonly seed: number;
  readonly cacheFolder: string;
  readonly killed: () => void;
}

export interface RolloutLaneResult {
  readonly rollouts: number;
  readonly kills: number;
  readonly violations: readonly string[];
  readonly resumeMs: readonly number[];
}

const words: readonly Word[] = ["promote", "rollback"];
const immortal = () => undefined;

/**
 * One fleet, and rollouts over it without end: promoted, taken back, promoted … First each of both once undisturbed, then
 * with a controller that is killed until all points are used up. Every one must end like the first of its kind.
 */
export async function rolloutLane(lane: RolloutLane): Promise<RolloutLaneResult> {
  await using folder = await temporaryFolder("modelfleet-rollout-");
  const folders = { data: folder.inside("controller"), cache: lane.cacheFolder };
  await using fleet = await mortalFleet(folders, lane.seed);
  const expected = new Map<Word, Outcome>();
  const violations: string[] = [];
  for (const word of words) {
    const { outcome, violations: own } = await fleet.play(word, immortal);
    expected.set(word, outcome);
    violations.push(...own.map((text) => `undisturbed ${word}: ${text}`));
  }
  const random = seededRandom((lane.seed + 1) >>> 0);
  const rollouts = await playKilled(fleet, { lane, random, expected, violations });
  const { resumeMs, deaths, kills } = fleet.controller;
  violations.push(...deaths.map((words) => `the controller ended by itself:\n${words}`));
  return { rollouts, kills, violations, resumeMs };
}

interface KilledPlay {
  readonly lane: RolloutLane;
  readonly random: Random;
  readonly expected: ReadonlyMap<Word, Outcome>;
  /** Grows. */
  readonly violations: string[];
}

async function playKilled(
  fleet: MortalFleet,
  { lane, random, expected, violations }: KilledPlay,
): Promise<number> {
  const killer = rolloutKiller(random, lane.points, lane.killed);
  fleet.listen(killer.heard);
  let rollouts = 0;
  for (; killer.left() > 0 && violations.length === 0; rollouts++) {
    const word = words[rollouts % words.length] ?? "promote";
    killer.next();
    const end = await fleet.play(word, killer.deadline);
    const told = [...end.violations, ...differences(end, expected.get(word))];
    violations.push(...told.map((text) => `rollout ${rollouts + 1} (${word}): ${text}`));
  }
  return rollouts;
}

function differences({ outcome }: EndOfRollout, expected: Outcome | undefined): readonly string[] {
  return (["states", "devices", "decisions"] as const).flatMap((what) => {
    const [came, wanted] = [outcome[what], expected?.[what] ?? []];
    if (came.join() === wanted.join()) return [];
    const extra = came.filter((text) => !wanted.includes(text));
    const missing = wanted.filter((text) => !came.includes(text));
    const order = extra.length + missing.length === 0 ? `: ${came.join(", ")}` : "";
    return [`${what}: expected ${missing.join(", ")}; got ${extra.join(", ")}${order}`];
  });
}
