import { type SequencePolicy, type ServingPolicy, Sha256 } from "@modelfleet/protocol";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { releaseDocument } from "../trust-fixtures.ts";
import { deferred } from "./deferred.ts";
import { floatTensor } from "./floats.ts";

/** A loaded model without a process: it answers when the test says so. */
export type FakeModel = LoadedModel & {
  /** Requests that wait for an answer, oldest first. */
  readonly waiting: WaitingRequest[];
  readonly promotions: () => number;
  /** Its process ends: everything waiting fails, and everything after. */
  readonly crash: () => void;
};

export type WaitingRequest = {
  readonly inputs: readonly Tensor[];
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
};

export type FakeModelOptions = {
  readonly version: string;
  readonly model?: string;
  /** Answer each request at once; else the test does it through `waiting`. */
  readonly answersAtOnce?: boolean;
  readonly inputs?: LoadedModel["inputs"];
  readonly outputs?: LoadedModel["outputs"];
  /** What it answers; one float that is its major version when absent. */
  readonly reply?: readonly Tensor[];
  /** What it answers to these inputs, instead. */
  readonly says?: (inputs: readonly Tensor[]) => readonly Tensor[];
  /** Its release's policies. */
  readonly serving?: ServingPolicy;
  readonly sequence?: SequencePolicy;
};

export function fakeModel(options: FakeModelOptions): FakeModel {
  const { version, answersAtOnce = true } = options;
  const waiting: WaitingRequest[] = [];
  const major = Number(version.split(".")[0]);
  const reply = options.reply ?? [floatTensor("y", [1, 1], [major])];
  const exit = deferred<string>();
  let promotions = 0;
  let hasCrashed = false;
  const { model = "digits", serving, sequence } = options;
  const policies = { ...(serving && { serving }), ...(sequence && { sequence }) };
  const document = releaseDocument({ model, version, ...policies });
  return {
    staged: { release: Sha256.parse(String(major).repeat(64)), document, files: new Map() },
    inputs: options.inputs ?? [{ name: "x", dtype: "float32", shape: [-1, 2] }],
    outputs: options.outputs ?? [{ name: "y", dtype: "float32", shape: [-1, 1] }],
    golden: { cases: 1, maxAbsoluteError: 0, p50Ms: 1, p95Ms: 1 },
    runtime: { id: "fake", version: "1", reason: "a test" },
    memoryBytes: () => Promise.resolve(0),
    exited: exit.promise,
    stop: () => Promise.resolve(),
    promote: () => {
      promotions += 1;
    },
    promotions: () => promotions,
    waiting,
    crash: () => {
      hasCrashed = true;
      exit.resolve("runner was ended by SIGSEGV");
      for (const request of waiting.splice(0)) request.fail(crashed());
    },
    infer: (inputs, { outputs: wanted = [] }) => {
      if (hasCrashed) return Promise.reject(crashed());
      const all = options.says?.(inputs) ?? reply;
      const said = wanted.length === 0 ? all : pick(all, wanted);
      if (answersAtOnce) return Promise.resolve(said);
      const { promise, resolve, reject } = deferred<readonly Tensor[]>();
      waiting.push({ inputs, answer: () => resolve(said), fail: reject });
      return promise;
    },
  };
}

function pick(reply: readonly Tensor[], names: readonly string[]): readonly Tensor[] {
  return names.flatMap((name) => reply.find((tensor) => tensor.name === name) ?? []);
}

function crashed(): InferError {
  return new InferError("RUNNER_CRASH", "runner was ended by SIGSEGV");
}
