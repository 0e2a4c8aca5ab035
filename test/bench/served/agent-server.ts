import { readFile } from "node:fs/promises";
import { availableParallelism, setPriority } from "node:os";
import { SlotName } from "@modelfleet/protocol";
import { processTable } from "../../../agent/src/adapters/clock/process-table.ts";
import { RunnerProcessHost } from "../../../agent/src/adapters/runner-process/runner-host.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel, StagedRelease } from "../../../agent/src/ports/runner-host.ts";
import { realClock } from "../../support/agent/runner-fixture.ts";
import { runnerMainPath } from "../../support/agent/runner-main-path.ts";
import { denseContract, stageModel } from "../../support/agent/staged-model.ts";
import { readOptions, serveOnRequest } from "./serve-on-request.ts";

/** The agent's own parts: runner processes, router, local API. */
const options = readOptions();
const slot = SlotName.parse("main");
const router = new Router<LoadedModel>({ clock: realClock });
const host = new RunnerProcessHost({
  nodePath: process.execPath,
  runnerPath: runnerMainPath(),
  runFolder: `${options.folder}/run`,
  cores: availableParallelism(),
  clock: realClock,
  setPriority,
  processes: processTable,
});

// On disk and hashed before anything is measured: an agent does that while it downloads.
const io = denseContract(options.inputs, options.outputs);
const staged = new Map<string, StagedRelease>();
for (const [version, path] of Object.entries(options.models)) {
  const onnx = await readFile(path);
  staged.set(version, await stageModel(options.folder, { onnx, io, version }));
}

async function serve(version: string): Promise<void> {
  const release = staged.get(version);
  if (release === undefined) throw new TypeError(`expected a known version, got ${version}`);
  const model = await host.load(release, new AbortController().signal, "trial");
  const old = await router.activate(slot, model);
  await old?.stop();
}

await serveOnRequest(options, router, serve, async () => {
  await router.active(slot)?.stop();
});
