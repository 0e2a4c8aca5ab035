import { parseArgs } from "node:util";
import { z } from "zod";
import { caseMaker, type Fault, faultOf, judge, type Verdict } from "./run-case.ts";

/**
 * Signs, changes and verifies documents of random fleets, and compares each verdict with that of an oracle.
 *
 *     node --conditions=modelfleet-source test/fuzz/trust.ts --runs 1000000 --seed 7
 *     node --conditions=modelfleet-source test/fuzz/trust.ts --seed 7 --only 123
 *
 * `--portable N` verifies every Nth case by the portable backend too and compares.
 */
const PROGRESS_MS = 5_000;
const FAILURES_SHOWN = 20;
/** Each so many cases are verified by the portable backend too, which takes some 50 times as long. */
const PORTABLE_EVERY = 20;

const Options = z.object({
  runs: z.coerce.number().int().min(1).default(1_000_000),
  seed: z.coerce.number().int().min(0).max(0xffff_ffff).optional(),
  portable: z.coerce.number().int().min(1).default(PORTABLE_EVERY),
  only: z.coerce.number().int().min(0).optional(),
});

interface Tally {
  accepted: number;
  differential: number;
  readonly refused: Record<string, number>;
  readonly faults: Record<Fault, number>;
}

function main(): number {
  const text = { type: "string" } as const;
  const names = { runs: text, seed: text, only: text, portable: text };
  const options = Options.parse(parseArgs({ options: names }).values);
  const seed = options.seed ?? Date.now() % 2 ** 32;
  console.log(`seed ${seed}`);
  if (options.only !== undefined) return showOne(seed, options.only);
  const startMs = performance.now();
  const tally = run({ ...options, seed });
  const { user, system } = process.cpuUsage();
  const times = {
    seconds: rounded((performance.now() - startMs) / 1_000),
    cpuSeconds: rounded((user + system) / 1e6),
  };
  console.log(JSON.stringify({ ...summary(tally, { runs: options.runs, seed }), ...times }));
  return Object.values(tally.faults).every((count) => count === 0) ? 0 : 1;
}

function run({ seed, runs, portable }: z.infer<typeof Options> & { seed: number }): Tally {
  const tally = emptyTally();
  const make = caseMaker(seed);
  let shownMs = performance.now();
  let failures = 0;
  for (let index = 0; index < runs; index++) {
    const verdict = judge(make(index), index % portable === 0);
    const fault = count(tally, verdict);
    if (fault !== undefined && failures++ < FAILURES_SHOWN)
      explain(fault, verdict, `--seed ${seed} --only ${index}`);
    if (performance.now() - shownMs < PROGRESS_MS) continue;
    shownMs = performance.now();
    process.stderr.write(`${index + 1} of ${runs}, ${failures} wrong\n`);
  }
  return tally;
}

function emptyTally(): Tally {
  const faults = { throws: 0, "backends differ": 0, "wrongful accept": 0, "wrongful refusal": 0 };
  return { accepted: 0, differential: 0, refused: {}, faults };
}

function count(tally: Tally, verdict: Verdict): Fault | undefined {
  const fault = faultOf(verdict);
  if (verdict.native === "accepted") tally.accepted++;
  else tally.refused[verdict.native] = (tally.refused[verdict.native] ?? 0) + 1;
  if (verdict.portable !== undefined) tally.differential++;
  if (fault !== undefined) tally.faults[fault]++;
  return fault;
}

function summary(tally: Tally, run: { runs: number; seed: number }): object {
  return {
    runs: run.runs,
    seed: run.seed,
    accepted: tally.accepted,
    refused: tally.refused,
    wrongfulAccepts: tally.faults["wrongful accept"],
    wrongfulRefusals: tally.faults["wrongful refusal"],
    throws: tally.faults.throws,
    differential: { compared: tally.differential, different: tally.faults["backends differ"] },
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function showOne(seed: number, index: number): number {
  const verdict = judge(caseMaker(seed)(index), true);
  const fault = faultOf(verdict);
  explain(fault ?? "as expected", verdict, `--seed ${seed} --only ${index}`);
  console.log(verdict.bytes.toString());
  return fault === undefined ? 0 : 1;
}

function explain(
  fault: string,
  { story, isGood, native, portable, thrown }: Verdict,
  again: string,
): void {
  const expected = isGood ? "accepted" : "refused";
  const backends = portable === undefined ? native : `${native} (native), ${portable} (portable)`;
  console.log(`${fault}: ${again}\n  ${story}\n  expected ${expected}, got ${backends}`);
  if (thrown !== undefined) console.log(thrown);
}

process.exitCode = main();
