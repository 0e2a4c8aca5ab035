import { feedbackLimits } from "@modelfleet/protocol";
import { fieldsOf, listOf, textOf } from "../open-inference/json-fields.ts";
import { RequestRefused } from "../open-inference/request-refused.ts";

/** A class by its name or its index; null: nobody knows. */
export type Label = string | number | null;

/** What an application says about a prediction that was made before. */
export interface LabelRequest {
  /** Of the prediction's request. */
  readonly id: string;
  /** Name of an output of the profile; the only one when undefined. */
  readonly output: string | undefined;
  /** One an item of the answer. */
  readonly labels: readonly Label[];
}

/** `{"id", "output"?, "label"}`, or `label` as a list for an answer of several rows. @throws RequestRefused FORMAT */
export function parseLabelRequest(body: unknown): LabelRequest {
  const fields = fieldsOf(body, "body");
  const { id, output, label } = fields;
  const given = Array.isArray(label)
    ? listOf(label, "label", feedbackLimits.itemsPerPredictionMax)
    : [label];
  return {
    id: textOf(id, "id", feedbackLimits.idLengthMax),
    output:
      output === undefined ? undefined : textOf(output, "output", feedbackLimits.labelLengthMax),
    labels: given.map((one) => labelOf(one, Array.isArray(label))),
  };
}

function labelOf(value: unknown, isOfList: boolean): Label {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  if (typeof value === "string" && value.length <= feedbackLimits.labelLengthMax) return value;
  if (value === null && isOfList) return null;
  throw new RequestRefused(
    "FORMAT",
    "label: expected the name of a class or its index; for an answer of several rows a list of them, with null where it is not known",
  );
}
