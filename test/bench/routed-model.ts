import { SlotName } from "@modelfleet/protocol";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, realClock } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { type DenseNetwork, denseNetwork } from "../support/onnx/dense-network.ts";

export const benchSlot = SlotName.parse("main");

export type RoutedModel = AsyncDisposable & {
  readonly router: Router<LoadedModel>;
  readonly ask: (row: Float32Array) => Promise<readonly number[]>;
};

/** A network in a runner of its own behind the agent's router, without an API in front. */
export async function routedModel(
  runners: RunnerFixture,
  network: DenseNetwork,
  { version, policies }: { readonly version: string; readonly policies: object },
): Promise<RoutedModel> {
  const io = denseContract(network.layers[0] ?? 0, network.layers.at(-1) ?? 0);
  const staged = await stageModel(runners.folder.path, {
    ...{ onnx: denseNetwork(network), io, version, policies },
  });
  const model = await runners.host.load(staged, new AbortController().signal, "trial");
  const router = new Router<LoadedModel>({ clock: realClock });
  await router.activate(benchSlot, model);
  return {
    router,
    ask: async (row) => {
      const inputs = [floatTensor("x", [1, row.length], row)];
      const { outputs } = await router.infer({ slot: benchSlot, inputs, timeoutMs: 60_000 });
      return outputs.flatMap(floatsOf);
    },
    [Symbol.asyncDispose]: () => model.stop(),
  };
}
