import { availableParallelism } from "node:os";
import { SlotName } from "@modelfleet/protocol";
import type {
  ServedModel,
  ServedModels,
} from "../../../agent/src/domain/open-inference/served-models.ts";
import { loadRuntime } from "../../../agent/src/runner/load-runtime.ts";
import type { RuntimeModel } from "../../../agent/src/runner/runtime.ts";
import { denseContract, stageModel } from "../../support/agent/staged-model.ts";
import { readOptions, serveOnRequest } from "./serve-on-request.ts";

/**
 * What the agent's processes are for: the same API, with the model loaded by `InferenceSession.create` in the
 * process that serves.
 */
const options = readOptions();
const slot = SlotName.parse("main");
const threads = Math.max(1, availableParallelism() - 1);
let current: { readonly served: ServedModel; readonly runtime: RuntimeModel } | undefined;

async function serve(version: string): Promise<void> {
  const path = options.models[version] ?? version;
  const io = denseContract(options.inputs, options.outputs);
  const staged = await stageModel(options.folder, { onnx: Buffer.from(version), io, version });
  const native = await loadRuntime("onnxruntime-node");
  const runtime = await native.load({ path, weights: [] }, { threads });
  const { inputs, outputs } = runtime;
  current = { served: { staged, inputs, outputs }, runtime };
}

const models: ServedModels = {
  slots: () => (current === undefined ? [] : [{ slot, model: current.served, isReady: true }]),
  infer: async ({ inputs, outputs = [] }) => {
    if (current === undefined) throw new TypeError("expected a model, got none");
    const { served, runtime } = current;
    return { model: served, outputs: await runtime.run(inputs, outputs) };
  },
};

await serveOnRequest(options, models, serve, () => Promise.resolve());
