import { readFile, stat } from "node:fs/promises";
import { blobLimits } from "@modelfleet/protocol";
import type { GoldenResult } from "../domain/golden/golden-result.ts";
import { type Proof, proveRelease } from "../domain/golden/prove-release.ts";
import { readGolden } from "../domain/golden/read-golden.ts";
import { smokeTest } from "../domain/golden/smoke-test.ts";
import { warmUp } from "../domain/golden/warm-up.ts";
import { ReleaseRefused } from "../domain/release-refused.ts";
import type { ModelSignature } from "../domain/serving/compare-signature.ts";
import type { Tensor } from "../domain/tensor.ts";
import type { Clock } from "../ports/clock.ts";
import type { LoadPurpose, StagedRelease } from "../ports/runner-host.ts";
import { runOnce } from "./loaded-model.ts";
import { fileOf } from "./model-files.ts";
import type { Runner } from "./runner.ts";
import { whileLoading } from "./while-loading.ts";

export interface Proving {
  readonly staged: StagedRelease;
  readonly signature: ModelSignature;
  readonly purpose: LoadPurpose;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/**
 * The golden cases of a loaded release, or generated inputs where it brings none. Where another release
 * answers meanwhile it is warmed up as well; where nobody does, it answers at once. @throws ReleaseRefused
 */
export async function proveLoaded(
  runner: Pick<Runner, "ask">,
  { staged, signature, purpose, clock }: Proving,
): Promise<GoldenResult> {
  const { loadMs, inferMs } = staged.document.limits;
  let proven: readonly Tensor[] = [];
  const proof: Proof = {
    run: async (tensors, outputs, runMsMax) => {
      const specs = signature.outputs;
      const answers = await runOnce(runner, { tensors, outputs, specs, ...whileLoading(runMsMax) });
      proven = tensors;
      return answers;
    },
    monotonicMs: clock.monotonicMs,
    loadMs,
    inferMs,
  };
  const result = await prove({ staged, signature, purpose, clock }, proof);
  if (purpose === "trial") await warmUp(proven, proof);
  return result;
}

async function prove({ staged, signature, purpose }: Proving, proof: Proof): Promise<GoldenResult> {
  const selfTest = staged.document.selfTest;
  if (selfTest === undefined) return await smokeTest(signature, proof);
  const golden = readGolden(await readGoldenFile(staged, selfTest.file), signature);
  const isSpeedJudged = purpose !== "restore";
  return await proveRelease(isSpeedJudged ? golden : { ...golden, maxP95Ms: undefined }, proof);
}

async function readGoldenFile(staged: StagedRelease, label: string): Promise<unknown> {
  const path = fileOf(staged, label);
  const { size } = await stat(path);
  if (size > blobLimits.goldenBytesMax) {
    throw new ReleaseRefused(
      "FORMAT",
      `golden file: expected at most ${blobLimits.goldenBytesMax} bytes, got ${size}`,
    );
  }
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ReleaseRefused("FORMAT", `golden file: expected JSON in ${label}`, { cause });
  }
}
