import * as z from "zod";

const Shape = z.array(z.int().min(0)).max(16);
const Parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** One tensor of the Open Inference Protocol v2 in JSON; `data` is flat or nested, absent when binary bytes follow. */
export const InferTensor = z.object({
  name: z.string().min(1).max(256),
  datatype: z.string().max(16),
  shape: Shape,
  parameters: Parameters.optional(),
  data: z.array(z.unknown()).optional(),
});
export type InferTensor = z.infer<typeof InferTensor>;

/** Body (or JSON part) of `POST /v2/models/{m}/infer`. */
export const InferRequest = z.object({
  id: z.string().max(256).optional(),
  parameters: Parameters.optional(),
  inputs: z.array(InferTensor).min(1).max(64),
  outputs: z
    .array(z.object({ name: z.string().min(1).max(256), parameters: Parameters.optional() }))
    .max(64)
    .optional(),
});
export type InferRequest = z.infer<typeof InferRequest>;

/** Answer of the Open Inference Protocol v2. `model_version` names the release that gave it. */
export const InferResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  parameters: Parameters.optional(),
  outputs: z.array(InferTensor),
});
export type InferResponse = z.infer<typeof InferResponse>;
