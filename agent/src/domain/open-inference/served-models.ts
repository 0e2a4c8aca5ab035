import type { SlotName } from "@modelfleet/protocol";
import type { RoutedModel, RoutedRequest } from "../serving/routed-model.ts";
import type { Tensor } from "../tensor.ts";

export type ServedModel = Pick<RoutedModel, "staged" | "inputs" | "outputs">;

/** What those who let applications ask need of the router. */
export interface ServedModels {
  readonly slots: () => readonly ServedSlot[];
  readonly infer: (request: RoutedRequest) => Promise<ServedAnswer>;
}

export interface ServedAnswer {
  readonly model: ServedModel;
  readonly outputs: readonly Tensor[];
  /** See `RoutedAnswer`. */
  readonly isSequenceReset?: boolean;
}

export interface ServedSlot {
  readonly slot: SlotName;
  readonly model: ServedModel;
  readonly isReady: boolean;
  /** A release that answers a share of the requests, while it is tried. */
  readonly canary?: { readonly model: ServedModel; readonly isReady: boolean } | undefined;
}
