import type { TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { ReleaseRefused } from "../release-refused.ts";
import { fitsShape } from "../serving/check-tensors.ts";
import type { ModelSignature } from "../serving/compare-signature.ts";
import type { Tensor } from "../tensor.ts";
import type { GoldenResult } from "./golden-result.ts";
import { type Proof, refuseNonFinite, warmUpRefusal } from "./prove-release.ts";
import { quantile } from "./quantile.ts";
import { smokeFillings, smokeInputs, smokeSizes } from "./smoke-inputs.ts";

/**
 * What stands in for golden cases where a release brings none: generated inputs, finite outputs of the promised shape.
 * It shows that the model runs here, not that it is right: the result has 0 cases.
 *
 * @throws ReleaseRefused WARMUP_TIMEOUT | NON_FINITE | LOAD_FAILED | RUNNER_CRASH
 */
export async function smokeTest(signature: ModelSignature, proof: Proof): Promise<GoldenResult> {
  const freeSize = await findRunningSize(signature, proof);
  const tookMs: number[] = [];
  for (const filling of smokeFillings) {
    const startMs = proof.monotonicMs();
    const inputs = smokeInputs(signature.inputs, freeSize, filling);
    const answers = await proof.run(inputs, [], proof.inferMs).catch(warmUpRefusal);
    tookMs.push(proof.monotonicMs() - startMs);
    refuseNonFinite(`smoke test with ${filling}`, answers);
    refuseOtherShapes(signature.outputs, answers);
  }
  return {
    cases: 0,
    maxAbsoluteError: 0,
    p50Ms: quantile(tookMs, 0.5),
    p95Ms: quantile(tookMs, 0.95),
  };
}

/** Also the warm-up. */
async function findRunningSize({ inputs }: ModelSignature, proof: Proof): Promise<number> {
  const isFree = inputs.some(({ shape }) => shape.some((size, i) => i > 0 && size === -1));
  const sizes = isFree ? smokeSizes : smokeSizes.slice(0, 1);
  let last: InferError | undefined;
  for (const size of sizes) {
    try {
      await proof.run(smokeInputs(inputs, size, "zeros"), [], proof.loadMs);
      return size;
    } catch (error) {
      if (!(error instanceof InferError) || error.code !== "RUN_FAILED")
        return warmUpRefusal(error);
      last = error;
    }
  }
  throw new ReleaseRefused(
    "LOAD_FAILED",
    `the model loads but runs on none of the generated inputs (free sizes ${sizes.join(", ")}); ` +
      `give it golden cases with inputs it takes: ${last?.message ?? ""}`,
  );
}

function refuseOtherShapes(specs: readonly TensorSpec[], answers: readonly Tensor[]): void {
  for (const [i, { name, shape }] of specs.entries()) {
    const got = answers[i]?.shape;
    if (got === undefined || !fitsShape(shape, got)) {
      throw new ReleaseRefused(
        "INCOMPATIBLE_SIGNATURE",
        `output ${name}: expected shape [${shape.join(",")}], got [${got?.join(",") ?? "nothing"}]`,
      );
    }
  }
}
