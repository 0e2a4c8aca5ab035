import { runnerLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { Proof } from "../../../../agent/src/domain/golden/prove-release.ts";
import { warmUp } from "../../../../agent/src/domain/golden/warm-up.ts";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { floatTensor } from "../../../support/agent/floats.ts";

const inputs = [floatTensor("x", [1, 1], [1])];

/** A model of which each run takes so long, on a clock that moves only while it runs. */
function proofOf(tookMs: number, fail?: InferError): Proof & { readonly runs: () => number } {
  let nowMs = 0;
  let runs = 0;
  return {
    runs: () => runs,
    monotonicMs: () => nowMs,
    ...{ loadMs: 20_000, inferMs: 500 },
    run: () => {
      runs += 1;
      nowMs += tookMs;
      return fail === undefined ? Promise.resolve(inputs) : Promise.reject(fail);
    },
  };
}

test("S26: a fast model is run so often that the runtime has seen it enough", async () => {
  const proof = proofOf(1);

  await warmUp(inputs, proof);

  expect(proof.runs()).toBe(runnerLimits.warmUpRunsMax);
});

test("a slow model is not held back longer than its time", async () => {
  const proof = proofOf(runnerLimits.warmUpMsMax / 2);

  await warmUp(inputs, proof);

  expect(proof.runs()).toBe(2);
});

test.each([
  ["DEADLINE_EXCEEDED", "WARMUP_TIMEOUT"],
  ["RUNNER_CRASH", "RUNNER_CRASH"],
  ["RUN_FAILED", "LOAD_FAILED"],
] as const)("a model that fails at it with %s is refused with %s", async (code, refusal) => {
  const proof = proofOf(1, new InferError(code, "no answer"));

  await expect(warmUp(inputs, proof)).rejects.toMatchObject({ code: refusal });
  expect(proof.runs()).toBe(1);
});
