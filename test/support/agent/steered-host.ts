import { readFile } from "node:fs/promises";
import { type RefusalCode, sha256 } from "@modelfleet/protocol";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import { ReleaseRefused } from "../../../agent/src/domain/release-refused.ts";
import type {
  LoadedModel,
  RunnerHost,
  StagedRelease,
} from "../../../agent/src/ports/runner-host.ts";

export type SteeredModel = LoadedModel & {
  readonly crash: () => void;
  readonly stopped: () => boolean;
};

/** Runners without processes. A version in `refusals` is refused with that code; one in `hangs` never loads. */
export function steeredHost() {
  const refusals = new Map<string, RefusalCode>();
  const hangs = new Set<string>();
  const failing = new Set<string>();
  const loads: string[] = [];
  const models: SteeredModel[] = [];
  const host: RunnerHost = {
    load: async (staged, signal) => {
      const { version } = staged.document;
      loads.push(version);
      await requireVerified(staged);
      const code = refusals.get(version);
      if (code !== undefined) throw new ReleaseRefused(code, `steered: ${code}`);
      if (hangs.has(version)) await untilAborted(signal);
      const model = steeredModel(staged, () => failing.has(version));
      models.push(model);
      return model;
    },
  };
  const modelOf = (version: string) =>
    models.findLast(({ staged }) => staged.document.version === version);
  return { ...host, refusals, hangs, failing, loads, models, modelOf };
}

/** Nothing unverified is ever loaded: the host looks for itself. */
async function requireVerified({ document, files }: StagedRelease): Promise<void> {
  for (const file of document.files) {
    const path = files.get(file.path);
    const bytes = path === undefined ? undefined : await readFile(path);
    if (bytes === undefined || sha256(bytes) !== file.sha256) {
      throw new TypeError(`an unverified file was given to a runner: ${file.path}`);
    }
  }
}

function steeredModel(staged: StagedRelease, fails: () => boolean): SteeredModel {
  const exit = Promise.withResolvers<string>();
  let stopped = false;
  return {
    staged,
    inputs: [],
    outputs: [],
    golden: { cases: 1, maxAbsoluteError: 0, p50Ms: 1, p95Ms: 1 },
    runtime: { id: "fake", version: "1", reason: "a test" },
    memoryBytes: () => Promise.resolve(0),
    promote: () => undefined,
    infer: () =>
      fails() ? Promise.reject(new InferError("RUN_FAILED", "steered")) : Promise.resolve([]),
    exited: exit.promise,
    crash: () => exit.resolve("killed by SIGSEGV"),
    stopped: () => stopped,
    stop: () => {
      stopped = true;
      exit.resolve("asked to");
      return Promise.resolve();
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the load was ended")), { once: true });
  });
}
