import { runnerLimits } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { ReleaseRefused } from "../release-refused.ts";
import type { Tensor } from "../tensor.ts";
import { compareAnswer } from "./compare-answer.ts";
import { findNonFinite } from "./find-non-finite.ts";
import type { GoldenResult } from "./golden-result.ts";
import { quantile } from "./quantile.ts";
import type { DecodedCase, GoldenCases } from "./read-golden.ts";

/** One inference of the release on trial. @throws InferError */
export type TryRun = (
  inputs: readonly Tensor[],
  outputs: readonly string[],
  runMsMax: number,
) => Promise<readonly Tensor[]>;

export interface Proof {
  readonly run: TryRun;
  readonly monotonicMs: () => number;
  readonly loadMs: number;
  readonly inferMs: number;
}

/**
 * Warms a release and asks it every golden case (agent.md 4).
 *
 * Its time is that of each case's fastest round: a device that is busy serving must not refuse a model that is fast
 * enough, so a slow first round is repeated.
 *
 * @throws ReleaseRefused WARMUP_TIMEOUT | GOLDEN_MISMATCH | GOLDEN_SLOW | NON_FINITE | LOAD_FAILED | RUNNER_CRASH
 */
export async function proveRelease(golden: GoldenCases, proof: Proof): Promise<GoldenResult> {
  await warm(golden.cases[0], proof);
  let maxAbsoluteError = 0;
  const fastestMs = golden.cases.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < runnerLimits.goldenRoundsMax; round++) {
    for (const [i, golden1] of golden.cases.entries()) {
      const { tookMs, error } = await runCase(golden1, golden.finite, proof);
      maxAbsoluteError = Math.max(maxAbsoluteError, error);
      fastestMs[i] = Math.min(fastestMs[i] ?? tookMs, tookMs);
    }
    if (quantile(fastestMs, 0.95) <= (golden.maxP95Ms ?? Number.POSITIVE_INFINITY)) break;
  }
  const [p50Ms, p95Ms] = [quantile(fastestMs, 0.5), quantile(fastestMs, 0.95)];
  refuseSlow(p95Ms, golden.maxP95Ms);
  const numbers = { cases: golden.cases.length, maxAbsoluteError, p50Ms, p95Ms };
  return { ...numbers, ranked: rankedBy(golden), allowsNonFinite: !golden.finite };
}

/** Outputs of which only the order of the values is compared. */
function rankedBy({ cases }: GoldenCases): readonly string[] {
  const ranking = cases.filter(({ compare: { kind } }) => kind === "argmax" || kind === "topk");
  return [...new Set(ranking.flatMap(({ outputs }) => outputs.map(({ name }) => name)))];
}

async function warm(first: DecodedCase | undefined, proof: Proof): Promise<void> {
  if (first === undefined) return;
  await proof.run(first.inputs, [], proof.loadMs).catch(warmUpRefusal);
}

/** What a failed first inference says of a release. */
export function warmUpRefusal(error: unknown): never {
  if (!(error instanceof InferError)) throw error;
  if (error.code === "DEADLINE_EXCEEDED") {
    throw new ReleaseRefused("WARMUP_TIMEOUT", `first inference: ${error.message}`, {
      cause: error,
    });
  }
  throw runRefusal("the first inference", error);
}

async function runCase(
  { name, inputs, outputs, compare }: DecodedCase,
  isFiniteOnly: boolean,
  { run, monotonicMs, inferMs }: Proof,
): Promise<{ readonly tookMs: number; readonly error: number }> {
  const wanted = outputs.map((output) => output.name);
  const startMs = monotonicMs();
  const answers = await run(inputs, wanted, inferMs).catch((error: unknown) =>
    caseRefusal(name, error),
  );
  const tookMs = monotonicMs() - startMs;
  if (isFiniteOnly) refuseNonFinite(`golden case ${name}`, answers);
  const comparisons = outputs.flatMap((expected, i) => {
    const got = answers[i];
    return got === undefined ? [] : [compareAnswer(expected, got, compare)];
  });
  const error = Math.max(...comparisons.map(({ maxAbsoluteError }) => maxAbsoluteError));
  const different = comparisons.find(({ difference }) => difference !== undefined);
  if (different !== undefined) {
    throw new ReleaseRefused(
      "GOLDEN_MISMATCH",
      `golden case ${name}: ${different.difference ?? ""} (${compare.kind}, max absolute error ${shortNumber(error)})`,
    );
  }
  return { tookMs, error };
}

function caseRefusal(name: string, error: unknown): never {
  if (!(error instanceof InferError)) throw error;
  if (error.code === "DEADLINE_EXCEEDED") {
    throw new ReleaseRefused("GOLDEN_SLOW", `golden case ${name}: ${error.message}`, {
      cause: error,
    });
  }
  throw runRefusal(`golden case ${name}`, error);
}

function runRefusal(what: string, error: InferError): ReleaseRefused {
  const code = error.code === "RUNNER_CRASH" ? "RUNNER_CRASH" : "LOAD_FAILED";
  const text = code === "RUNNER_CRASH" ? "expected an answer" : "the model loads but cannot run";
  return new ReleaseRefused(code, `${what}: ${text}: ${error.message}`, { cause: error });
}

/** @throws ReleaseRefused NON_FINITE */
export function refuseNonFinite(what: string, answers: readonly Tensor[]): void {
  for (const answer of answers) {
    const place = findNonFinite(answer);
    if (place !== undefined) {
      throw new ReleaseRefused("NON_FINITE", `${what}: expected finite outputs, but ${place}`);
    }
  }
}

function refuseSlow(p95Ms: number, maxP95Ms: number | undefined): void {
  if (maxP95Ms === undefined || p95Ms <= maxP95Ms) return;
  throw new ReleaseRefused(
    "GOLDEN_SLOW",
    `golden cases: expected a 95th percentile of at most ${maxP95Ms} ms, got ${shortNumber(p95Ms)} ms`,
  );
}

function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
