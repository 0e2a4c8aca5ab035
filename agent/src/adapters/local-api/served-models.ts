import type { SlotName } from "@modelfleet/protocol";
import type { RoutedRequest } from "../../domain/serving/routed-model.ts";
import type { Tensor } from "../../domain/tensor.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";

export type ServedModel = Pick<LoadedModel, "staged" | "inputs" | "outputs">;

/** What this API asks of the router. */
export interface ServedModels {
  readonly slots: () => readonly ServedSlot[];
  readonly infer: (
    request: RoutedRequest,
  ) => Promise<{ readonly model: ServedModel; readonly outputs: readonly Tensor[] }>;
}

export interface ServedSlot {
  readonly slot: SlotName;
  readonly model: ServedModel;
  readonly isReady: boolean;
}
