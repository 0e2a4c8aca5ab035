import { InferError } from "../infer-error.ts";
import { checkInputs, checkOutputNames } from "./check-tensors.ts";
import type { RoutedModel, RoutedRequest } from "./routed-model.ts";

/** @throws InferError UNKNOWN_MODEL | BAD_TENSOR */
export function refuseUnfit(model: RoutedModel, { release, inputs, outputs }: RoutedRequest): void {
  if (release !== undefined && release !== model.staged.release) {
    const { version } = model.staged.document;
    throw new InferError(
      "UNKNOWN_MODEL",
      `expected the release that was asked for, got ${version}`,
    );
  }
  checkInputs(model.inputs, inputs);
  checkOutputNames(model.outputs, outputs ?? []);
}

/** Whether the model takes this request. */
export function fitsModel(model: RoutedModel, request: RoutedRequest): boolean {
  try {
    refuseUnfit(model, request);
    return true;
  } catch (error) {
    if (error instanceof InferError) return false;
    throw error;
  }
}
