import { mainSlot, serveLimits } from "@modelfleet/protocol";
import type { BoundTopic } from "../../domain/binding/binding-plan.ts";
import type { Elements } from "../../domain/binding/read-payload.ts";
import { inputOf, tensorOf } from "../../domain/binding/tensor-of.ts";
import { writeBoundAnswer } from "../../domain/binding/write-bound-answer.ts";
import { InferError } from "../../domain/infer-error.ts";
import { findServed, type Loadable, notReady } from "../../domain/open-inference/find-served.ts";
import type { ServedModel } from "../../domain/open-inference/served-models.ts";
import type { RoutedRequest } from "../../domain/serving/routed-model.ts";

/** The answer to a message of an input topic, as JSON. @throws InferError */
export async function answerBound(
  binding: BoundTopic,
  elements: Elements,
  loadable: Loadable,
): Promise<Uint8Array> {
  const { slot, model } = findBound(binding, loadable);
  const spec = inputOf(model.inputs, binding.tensor);
  const request: RoutedRequest = {
    slot,
    inputs: [tensorOf(spec, elements, binding.shape)],
    timeoutMs: binding.timeoutMs ?? serveLimits.requestMsMax,
  };
  return Buffer.from(writeBoundAnswer(await loadable.models.infer(request), binding));
}

type Found = Pick<RoutedRequest, "slot"> & { readonly model: ServedModel };

function findBound({ model, slot = mainSlot }: BoundTopic, loadable: Loadable): Found {
  if (model !== undefined) return findServed({ model, version: undefined }, loadable);
  const found = loadable.models.slots().find((served) => served.slot === slot);
  if (found !== undefined) return found;
  const coming = loadable.loading?.() ?? [];
  if (coming.length > 0) throw notReady(coming);
  throw new InferError("NOT_READY", `no model runs in slot ${slot}; deploy one`);
}
