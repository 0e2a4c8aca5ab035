import { ReleaseRefused } from "../domain/release-refused.ts";
import { compareSignatures, type ModelSignature } from "../domain/serving/compare-signature.ts";
import type { RuntimeChoice, StagedRelease } from "../ports/runner-host.ts";
import type { RuntimeId } from "../wire/runtime-id.ts";
import type { ModelFiles } from "./model-files.ts";
import type { RequestTimes, Runner } from "./runner.ts";
import { RunnerGone } from "./runner-gone.ts";
import { RuntimeDown, type RuntimeSearch } from "./runtime-order.ts";
import { whileLoading } from "./while-loading.ts";

/**
 * The runtime, before any model: what goes wrong here is not the release's fault.
 *
 * @throws RuntimeDown; ReleaseRefused LOAD_FAILED | LOAD_TIMEOUT
 */
export async function startRuntime(
  runner: Pick<Runner, "ask">,
  id: RuntimeId,
  { search, times }: { readonly search: RuntimeSearch; readonly times: RequestTimes },
): Promise<RuntimeChoice> {
  const answer = await runner.ask({ kind: "start", runtime: id }, times).catch((cause: unknown) => {
    if (!(cause instanceof RunnerGone) || cause.code !== "ENDED") return loadRefusal(cause);
    throw new RuntimeDown(`${id}: ${cause.message}`, { isLasting: false, cause });
  });
  if (answer.kind === "started") return search.choose(id, answer.runtime);
  if (answer.kind === "failed" && answer.code === "RUNTIME_UNAVAILABLE") {
    throw new RuntimeDown(answer.message, { isLasting: true });
  }
  throw new ReleaseRefused("RUNNER_CRASH", `expected a started runtime, got ${answer.kind}`);
}

/** @throws ReleaseRefused LOAD_FAILED | LOAD_TIMEOUT | RUNNER_CRASH | INCOMPATIBLE_SIGNATURE */
export async function loadModel(
  runner: Pick<Runner, "ask">,
  { document }: Pick<StagedRelease, "document">,
  { files, threads }: { readonly files: ModelFiles; readonly threads: number },
): Promise<ModelSignature> {
  const { entry, io, limits } = document;
  const { path, weights } = files;
  const answer = await runner
    .ask({ kind: "load", path, weights, threads }, whileLoading(limits.loadMs))
    .catch(loadRefusal);
  if (answer.kind === "failed") {
    // Where the file lies on this device is nobody else's business; which file it is, is.
    const reason = answer.message.replaceAll(path, entry);
    throw new ReleaseRefused("LOAD_FAILED", `${entry}: ${reason}`);
  }
  if (answer.kind !== "loaded") {
    throw new ReleaseRefused("RUNNER_CRASH", `expected a loaded model, got ${answer.kind}`);
  }
  const { inputs, outputs } = answer;
  const differences = compareSignatures(io, { inputs, outputs });
  if (differences.length > 0) {
    throw new ReleaseRefused("INCOMPATIBLE_SIGNATURE", differences.join("; "));
  }
  return { inputs, outputs };
}

const loadCodes = {
  ENDED: "RUNNER_CRASH",
  OVER_MEMORY: "LOAD_FAILED",
  TOO_LONG: "LOAD_TIMEOUT",
  HUNG: "LOAD_TIMEOUT",
  LATE: "LOAD_TIMEOUT",
} as const satisfies Record<RunnerGone["code"], string>;

/** A runner that did not answer while a release was loaded. */
export function loadRefusal(error: unknown): never {
  if (!(error instanceof RunnerGone)) throw error;
  throw new ReleaseRefused(loadCodes[error.code], `loading: ${error.message}`, { cause: error });
}
