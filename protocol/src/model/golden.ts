import * as z from "zod";
import { runnerLimits } from "../limits.ts";
import { InferTensor } from "./infer-message.ts";

/** How an answer is compared with the expected one (agent.md 4). */
export const Comparator = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("allclose"), atol: z.number().min(0), rtol: z.number().min(0) }),
  z.object({ kind: z.literal("argmax") }),
  z.object({ kind: z.literal("topk"), k: z.int().min(1).max(100) }),
  z.object({ kind: z.literal("exact") }),
]);
export type Comparator = z.infer<typeof Comparator>;

/** One request and the answer it must have; tensors as in the Open Inference Protocol v2, data in JSON. */
export const GoldenCase = z.object({
  name: z.string().min(1).max(128),
  inputs: z
    .array(InferTensor.required({ data: true }))
    .min(1)
    .max(64),
  outputs: z
    .array(InferTensor.required({ data: true }))
    .min(1)
    .max(64),
  compare: Comparator,
});
export type GoldenCase = z.infer<typeof GoldenCase>;

/** `golden.json`: inputs and the answers a working copy of this model gives. */
export const GoldenFile = z.object({
  spec: z.literal(1),
  /** Refuse NaN and infinity in any output. */
  finite: z.boolean(),
  /** Refuse a device where the 95th percentile of the cases takes longer. */
  maxP95Ms: z.number().positive().optional(),
  cases: z.array(GoldenCase).min(1).max(runnerLimits.goldenCasesMax),
});
export type GoldenFile = z.infer<typeof GoldenFile>;
