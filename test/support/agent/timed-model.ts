import { Sha256 } from "@modelfleet/protocol";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { GoldenResult, LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { releaseDocument } from "../trust-fixtures.ts";
import { deferred } from "./deferred.ts";
import { floatsOf, floatTensor } from "./floats.ts";

export type TimedModelOptions = {
  readonly version: string;
  readonly clock: { readonly sleep: (ms: number, signal: AbortSignal) => Promise<void> };
  readonly tookMs: number;
  /** Its output `y`, by its input `x`; what it throws is how it fails. */
  readonly answer: (x: readonly number[]) => readonly number[];
  /** Of the release document. */
  readonly changes?: object;
  readonly golden?: Partial<GoldenResult>;
};

export type TimedModel = LoadedModel & {
  /** The inputs it has answered, in order. */
  readonly answered: (readonly number[])[];
  /** How many requests it had at once, at most. */
  readonly atOnceMax: () => number;
  readonly promotions: () => number;
  readonly crash: () => void;
};

const never = new AbortController().signal;

/** A model without a process, one request after another, each of so many milliseconds of a test's clock: x [1, 1] to y [1, n]. */
export function timedModel(options: TimedModelOptions): TimedModel {
  const { version, clock, tookMs, answer, changes = {} } = options;
  const exit = deferred<string>();
  const answered: (readonly number[])[] = [];
  let [atOnce, atOnceMax, promotions, hasCrashed] = [0, 0, 0, false];
  let last = Promise.resolve();
  const width = answer([0]).length;
  const io = {
    inputs: [{ name: "x", dtype: "float32" as const, shape: [1, 1] }],
    outputs: [{ name: "y", dtype: "float32" as const, shape: [1, width] }],
  };

  async function run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    if (tookMs > 0) await clock.sleep(tookMs, never);
    if (hasCrashed) throw new InferError("RUNNER_CRASH", "runner was ended by SIGSEGV");
    const x = inputs.flatMap(floatsOf);
    const y = answer(x);
    answered.push(x);
    return [floatTensor("y", [1, width], y)];
  }

  return {
    ...io,
    staged: {
      release: Sha256.parse(String(version.split(".")[0]).repeat(64)),
      document: releaseDocument({ model: "digits", version, io, ...changes }),
      files: new Map(),
    },
    golden: { cases: 1, maxAbsoluteError: 0, p50Ms: 1, p95Ms: 1, ...options.golden },
    runtime: { id: "fake", version: "1", reason: "a test" },
    memoryBytes: () => Promise.resolve(0),
    promote: () => {
      promotions += 1;
    },
    exited: exit.promise,
    stop: () => Promise.resolve(),
    infer: (inputs) => {
      atOnce += 1;
      atOnceMax = Math.max(atOnceMax, atOnce);
      const answering = last
        .then(() => run(inputs))
        .finally(() => {
          atOnce -= 1;
        });
      last = answering.then(
        () => undefined,
        () => undefined,
      );
      return answering;
    },
    answered,
    atOnceMax: () => atOnceMax,
    promotions: () => promotions,
    crash: () => {
      hasCrashed = true;
      exit.resolve("runner was ended by SIGSEGV");
    },
  };
}
