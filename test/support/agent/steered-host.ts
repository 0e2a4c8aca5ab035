import { readFile } from "node:fs/promises";
import { type RefusalCode, sha256 } from "@modelfleet/protocol";
import { InferError } from "../../../agent/src/domain/infer-error.ts";
import { ReleaseRefused } from "../../../agent/src/domain/release-refused.ts";
import type {
  LoadedModel,
  RunnerHost,
  StagedRelease,
} from "../../../agent/src/ports/runner-host.ts";

import { floatTensor } from "./floats.ts";

export type SteeredModel = LoadedModel & {
  readonly crash: () => void;
  readonly stopped: () => boolean;
};

type Read = (path: string) => Promise<Uint8Array>;

/** Runners without processes. A version in `refusals` is refused with that code; one in `hangs` never loads; one in `pauses` loads when that is over. */
export function steeredHost(read: Read = readFile) {
  const refusals = new Map<string, RefusalCode>();
  const hangs = new Set<string>();
  const pauses = new Map<string, Promise<unknown>>();
  const failing = new Set<string>();
  /** Of the memory of the device, each runner. */
  const taking = { modelMiB: 0 };
  /** Runners at one time. */
  const running = { most: 0 };
  const loads: string[] = [];
  const models: SteeredModel[] = [];
  const host: RunnerHost = {
    load: async (staged, signal) => {
      signal.throwIfAborted();
      const { version } = staged.document;
      loads.push(version);
      await requireVerified(staged, read);
      const code = refusals.get(version);
      if (code !== undefined) throw new ReleaseRefused(code, `steered: ${code}`);
      if (hangs.has(version)) await untilAborted(signal);
      const pause = pauses.get(version);
      if (pause !== undefined) await Promise.race([pause, untilAborted(signal)]);
      const model = steeredModel(staged, () => failing.has(version), taking.modelMiB * 1_048_576);
      models.push(model);
      const now = models.filter((one) => !one.stopped()).length;
      running.most = Math.max(running.most, now);
      return model;
    },
  };
  const modelOf = (version: string) =>
    models.findLast(({ staged }) => staged.document.version === version);
  return { ...host, refusals, hangs, pauses, failing, taking, running, loads, models, modelOf };
}

/** Nothing unverified is ever loaded: the host looks for itself. */
async function requireVerified({ document, files }: StagedRelease, read: Read): Promise<void> {
  for (const file of document.files) {
    const path = files.get(file.path);
    const bytes = path === undefined ? undefined : await read(path);
    if (bytes === undefined || sha256(bytes) !== file.sha256) {
      throw new TypeError(`an unverified file was given to a runner: ${file.path}`);
    }
  }
}

function steeredModel(
  staged: StagedRelease,
  fails: () => boolean,
  memoryBytes: number,
): SteeredModel {
  const exit = Promise.withResolvers<string>();
  let stopped = false;
  return {
    staged,
    inputs: [],
    outputs: [{ name: "y", dtype: "float32", shape: [1] }],
    golden: { cases: 1, maxAbsoluteError: 0, p50Ms: 1, p95Ms: 1 },
    runtime: { id: "fake", version: "1", reason: "a test" },
    memoryBytes: () => Promise.resolve(memoryBytes),
    promote: () => undefined,
    infer: () =>
      fails()
        ? Promise.reject(new InferError("RUN_FAILED", "steered"))
        : Promise.resolve([floatTensor("y", [1], [1])]),
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
    const end = () => reject(new Error("the load was ended"));
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  });
}
