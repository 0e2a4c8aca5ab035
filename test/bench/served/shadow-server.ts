import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, setPriority } from "node:os";
import { mainSlot } from "@modelfleet/protocol";
import { processTable } from "../../../agent/src/adapters/clock/process-table.ts";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { RunnerProcessHost } from "../../../agent/src/adapters/runner-process/runner-host.ts";
import { Rehearsals } from "../../../agent/src/app/rehearsal/rehearsals.ts";
import { defaultProbation } from "../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { Rehearsal } from "../../../agent/src/ports/rehearsal.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { floatsOf } from "../../support/agent/floats.ts";
import { runnerMainPath } from "../../support/agent/runner-main-path.ts";
import { denseContract, stageModel } from "../../support/agent/staged-model.ts";
import { readOptions, serveOnRequest } from "./serve-on-request.ts";

/**
 * The agent's own parts, and a shadow that is begun and ended on request: a version loads and activates it, `shadow`
 * begins one of 2.0.0, `end` ends it and writes what it compared into `shadow.json`.
 */
const options = readOptions();
const host = new RunnerProcessHost({
  nodePath: process.execPath,
  runnerPath: runnerMainPath(),
  runFolder: `${options.folder}/run`,
  cores: availableParallelism(),
  clock: systemClock,
  setPriority,
  processes: processTable,
});
const router = new Router<LoadedModel>({
  clock: systemClock,
  observer: (seen) => rehearsals.observe(seen),
});
const rehearsals = new Rehearsals({
  ...{ serving: router, rules: defaultProbation, clock: systemClock },
  changed: () => undefined,
});
/** The first value of each input that the shadow has answered: the number of its row. */
const compared: number[] = [];
let shadow: { readonly model: LoadedModel; readonly rehearsal: Rehearsal } | undefined;

async function load(version: string): Promise<LoadedModel> {
  const onnx = await readFile(options.models[version] ?? "");
  const io = denseContract(options.inputs, options.outputs);
  const staged = await stageModel(options.folder, { onnx, io, version });
  return host.load(staged, new AbortController().signal, "trial");
}

async function obey(command: string): Promise<void> {
  if (command === "shadow") await begin();
  else if (command === "end") await end();
  else await router.activate(mainSlot, await load(command));
}

async function begin(): Promise<void> {
  const loaded = await load("2.0.0");
  const policy = { sharePercent: 100, comparisons: 1_000_000, maxMs: 3_600_000 };
  const document = { ...loaded.staged.document, swap: { shadow: policy } };
  const model: LoadedModel = {
    ...loaded,
    staged: { ...loaded.staged, document },
    infer: async (inputs, how) => {
      const answer = await loaded.infer(inputs, how);
      compared.push(...inputs.map((input) => floatsOf(input)[0] ?? -1));
      return answer;
    },
  };
  const rehearsal = rehearsals.begin(mainSlot, model);
  if (rehearsal === null) throw new TypeError("expected a shadow");
  shadow = { model, rehearsal };
}

async function end(): Promise<void> {
  // What is answered from here on is not counted any more.
  const counted = [...compared];
  await shadow?.rehearsal.end();
  const summary = shadow?.rehearsal.summary() ?? "";
  await writeFile(`${options.folder}/shadow.json`, JSON.stringify({ summary, compared: counted }));
  await shadow?.model.stop();
  compared.length = 0;
}

await serveOnRequest(options, router, obey, async () => {
  await router.active(mainSlot)?.stop();
});
