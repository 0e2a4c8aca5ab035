import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ReleaseDocument, runnerLimits } from "@modelfleet/protocol";
import { StoreError } from "../../domain/store-error.ts";
import { loadModel, loadRefusal, startRuntime } from "../../loading/load-model.ts";
import { loadedModel } from "../../loading/loaded-model.ts";
import { proveLoaded } from "../../loading/prove-loaded.ts";
import { RuntimeOrder } from "../../loading/runtime-order.ts";
import { whileLoading } from "../../loading/while-loading.ts";
import { type FirstRuntime, withFirstRuntime } from "../../loading/with-first-runtime.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type {
  LoadedModel,
  LoadPurpose,
  RunnerHost,
  StagedRelease,
} from "../../ports/runner-host.ts";
import { type Confinement, findConfinement } from "./confinement.ts";
import { holdMemory } from "./hold-memory.ts";
import { Priority, type SetPriority } from "./priority.ts";
import { processMemoryBytes } from "./process-memory.ts";
import { RunnerChild } from "./runner-child.ts";
import { forgetRunner, type RunnerProcesses, recordRunner } from "./runner-records.ts";
import { spawnRunner } from "./spawn-runner.ts";

export interface RunnerProcessOptions {
  /** The Node program that runs the runners: `process.execPath`. */
  readonly nodePath: string;
  /** The runner's main file. */
  readonly runnerPath: string;
  /** Below it each runner gets an empty working directory. */
  readonly runFolder: string;
  /** Processors of this device; a runner leaves one for everything else. */
  readonly cores: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** `os.setPriority`. */
  readonly setPriority: SetPriority;
  readonly processes: RunnerProcesses;
  /** What else holds runners down on this system; found out when absent. */
  readonly confinement?: () => Promise<Confinement>;
  readonly log?: Log;
  /** Which runtimes there are; only those that the agent brings, when absent. */
  readonly runtimes?: RuntimeOrder;
}

interface Load {
  readonly staged: StagedRelease;
  readonly signal: AbortSignal;
  readonly purpose: LoadPurpose;
}

/** Runners as child processes: a model that crashes, hangs or leaks takes nothing with it (agent.md 1). */
export class RunnerProcessHost implements RunnerHost {
  readonly #options: RunnerProcessOptions;
  readonly #priority: Priority;
  readonly #confinement: () => Promise<Confinement>;
  readonly #order: RuntimeOrder;
  #started = 0;
  #saidHow = "";

  constructor(options: RunnerProcessOptions) {
    this.#options = options;
    this.#priority = new Priority(options.setPriority);
    this.#order = options.runtimes ?? new RuntimeOrder({ isInstalled: () => false });
    let found: Promise<Confinement> | undefined;
    this.#confinement = () => (found ??= (options.confinement ?? findConfinement)());
  }

  /** See the port. */
  async load(
    staged: StagedRelease,
    signal: AbortSignal,
    purpose: LoadPurpose,
  ): Promise<LoadedModel> {
    signal.throwIfAborted();
    return await withFirstRuntime(this.#order, staged, (first) =>
      this.#loadWith(first, { staged, signal, purpose }),
    );
  }

  /** @throws RuntimeDown when it is not the release that stands in the way */
  async #loadWith(
    { id, search, files }: FirstRuntime,
    { staged, signal, purpose }: Load,
  ): Promise<LoadedModel> {
    const child = await this.#start(staged, purpose);
    const abort = () => child.kill("load was given up");
    signal.addEventListener("abort", abort, { once: true });
    try {
      // Given up while it was started: nobody called `abort`.
      signal.throwIfAborted();
      const times = whileLoading(staged.document.limits.loadMs);
      // A program that does not even start says nothing of the runtime in it.
      await child.ask({ kind: "ping" }, times).catch(loadRefusal);
      const runtime = await startRuntime(child, id, { search, times });
      await this.#holdMemory(child, staged);
      const signature = await loadModel(child, staged, { files, threads: this.#threads() });
      const proving = { staged, signature, purpose, clock: this.#options.clock };
      const golden = await proveLoaded(child, proving);
      signal.throwIfAborted();
      const memoryBytes = () => processMemoryBytes(child.pid);
      const promote = () => this.#priority.promote(child.pid);
      return loadedModel(child, { staged, signature, golden, runtime, memoryBytes, promote });
    } catch (error) {
      child.kill("its release was not loaded");
      await child.exited;
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #threads(): number {
    return Math.max(1, Math.min(this.#options.cores - 1, runnerLimits.threadsMax));
  }

  /** A trial waits for what serves; nothing serves where a release is restored. */
  async #start(staged: StagedRelease, purpose: LoadPurpose): Promise<RunnerChild> {
    const first = await this.#spawn(staged);
    if (purpose !== "trial" || this.#priority.prepare(first.pid)) return first;
    first.kill("it could not have been promoted");
    await first.exited;
    return await this.#spawn(staged);
  }

  async #spawn({ release, document }: StagedRelease): Promise<RunnerChild> {
    this.#started += 1;
    const folder = join(this.#options.runFolder, `${release.slice(0, 16)}-${this.#started}`);
    // A run before an unclean end may have left something; the folder must be empty.
    await makeEmpty(folder);
    const { nodePath, runnerPath, clock } = this.#options;
    const { launcher } = await this.#confinement();
    const heapMiB = heapMiBOf(document);
    const program = { nodePath, runnerPath, launcher, heapMiB, folder };
    const started = await spawnRunner(program).catch(async (cause: unknown) => {
      await forgetRunner(folder).catch(() => undefined);
      throw cause;
    });
    const child = new RunnerChild(started, clock);
    // Without a record it serves as well; it would only not be found again should it hang when this agent is killed.
    await recordRunner(this.#options.processes, folder, child.pid).catch(unrecorded);
    void child.exited.then(() => forgetRunner(folder)).catch(() => undefined);
    return child;
  }

  /** Once its runtime has started and before it is told of a file: what it has by then is not the model's. */
  async #holdMemory(child: RunnerChild, { document }: StagedRelease): Promise<void> {
    const confinement = await this.#confinement();
    const grant = {
      memoryMiB: document.limits.memoryMiB,
      heapMiB: heapMiBOf(document),
      threads: this.#threads(),
    };
    const memory = await holdMemory(child, grant, confinement);
    const privileges = confinement.launcher.length > 0 ? "none can be gained" : "as the agent's";
    const how = `memory ${memory}; privileges ${privileges}`;
    if (how !== this.#saidHow) {
      this.#options.log?.info({ event: "runner.confined", memory, privileges }, `runners: ${how}`);
    }
    this.#saidHow = how;
  }
}

function heapMiBOf({ format }: ReleaseDocument): number {
  return format === "tfjs" ? runnerLimits.tfjsHeapMiB : runnerLimits.heapMiB;
}

/** @throws StoreError STORE_FAILED; a disk that is full now may have room later */
async function makeEmpty(folder: string): Promise<void> {
  try {
    await forgetRunner(folder);
    await mkdir(folder, { recursive: true, mode: 0o500 });
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "an unknown failure";
    throw new StoreError("STORE_FAILED", `expected a folder for a runner, got ${came}`, { cause });
  }
}

function unrecorded(): void {
  return;
}
