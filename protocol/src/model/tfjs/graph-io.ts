import * as z from "zod";
import { ModelFormatError } from "../onnx/model-format-error.ts";
import type { TensorSpec } from "../tensor-spec.ts";
import { graphTypes } from "./graph-types.ts";

type TypeName = keyof typeof graphTypes;

/** Numbers beyond 32 bits are written as texts, so all of them may be. */
const Size = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);

const SignatureTensor = z.object({
  dtype: z.enum(Object.keys(graphTypes) as [TypeName, ...TypeName[]]),
  tensorShape: z.object({
    dim: z
      .array(z.object({ size: Size.default(0) }))
      .max(16)
      .default([]),
    unknownRank: z.literal(false).optional(),
  }),
});

/** A table inside the model, which nobody gives it. */
const Resource = z.object({ resourceId: z.union([z.number(), z.string()]) });

const Side = z.record(z.string().min(1).max(256), z.union([Resource, SignatureTensor]));
const Signature = z.object({ inputs: Side, outputs: Side });

/**
 * What a graph takes and gives, by the names of its signature.
 *
 * @throws ModelFormatError MODEL_FORMAT when it has no signature, or one that leaves a rank open
 */
export function graphIo(model: {
  readonly signature?: unknown;
  readonly userDefinedMetadata?: Readonly<Record<string, unknown>> | undefined;
}): { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] } {
  // Where both are there, TensorFlow.js takes this one.
  const found = model.userDefinedMetadata?.["signature"] ?? model.signature;
  const signature = Signature.safeParse(found);
  if (signature.success) {
    const { inputs, outputs } = signature.data;
    return { inputs: specsOf(inputs), outputs: specsOf(outputs) };
  }
  const issue = signature.error.issues[0];
  throw new ModelFormatError(
    "MODEL_FORMAT",
    `expected a graph-model with a signature of types and shapes, got ${found === undefined ? "none" : `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another"}`}: tensorflowjs_converter writes one for a SavedModel`,
  );
}

function specsOf(side: z.infer<typeof Side>): readonly TensorSpec[] {
  return Object.entries(side).flatMap(([name, tensor]) => {
    if (!("dtype" in tensor)) return [];
    const shape = tensor.tensorShape.dim.map(({ size }) => Math.max(-1, size));
    return [{ name, dtype: graphTypes[tensor.dtype], shape }];
  });
}
