import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { SlotName } from "@modelfleet/protocol";
import { inlineHost } from "../../../agent/src/adapters/runner-inline/inline-host.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { realClock } from "../../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../../support/agent/staged-model.ts";
import { readOptions, serveOnRequest } from "./serve-on-request.ts";

/** The agent's own parts with releases in its own process: inline runner, router, local API. */
const options = readOptions();
const slot = SlotName.parse("main");
const router = new Router<LoadedModel>({ clock: realClock });
const host = inlineHost({
  cores: availableParallelism(),
  clock: realClock,
  memoryBytes: () => Promise.resolve(process.memoryUsage.rss()),
});

async function serve(version: string): Promise<void> {
  const onnx = await readFile(options.models[version] ?? version);
  const io = denseContract(options.inputs, options.outputs);
  const staged = await stageModel(options.folder, { onnx, io, version });
  const model = await host.load(staged, new AbortController().signal, "trial");
  const old = await router.activate(slot, model);
  await old?.stop();
}

await serveOnRequest(options, router, serve, async () => {
  await router.active(slot)?.stop();
});
