import { z } from "zod";
import { ModelFormatError } from "../onnx/model-format-error.ts";
import type { ElementType, TensorSpec } from "../tensor-spec.ts";

/** TensorFlow.js has fewer types than TensorFlow, and reads the others as these. */
const types = {
  DT_FLOAT: "float32",
  DT_HALF: "float32",
  DT_DOUBLE: "float32",
  DT_INT32: "int32",
  DT_INT64: "int32",
  DT_INT8: "int32",
  DT_UINT8: "int32",
  DT_BOOL: "bool",
  DT_STRING: "string",
} as const satisfies Readonly<Record<string, ElementType>>;

type TypeName = keyof typeof types;

/** Numbers beyond 32 bits are written as texts, so all of them may be. */
const Size = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);

const SignatureTensor = z.object({
  dtype: z.enum(Object.keys(types) as [TypeName, ...TypeName[]]),
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
    return [{ name, dtype: types[tensor.dtype], shape }];
  });
}
