import { type Comparator, GoldenFile } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { ReleaseRefused } from "../release-refused.ts";
import { checkInputs, checkOutputNames } from "../serving/check-tensors.ts";
import type { ModelSignature } from "../serving/compare-signature.ts";
import { dtypeOf } from "../serving/dtype-of.ts";
import { parseJsonTensor } from "../serving/parse-json-tensor.ts";
import type { Tensor } from "../tensor.ts";

/** Golden cases with their tensors decoded and checked against the model. */
export interface GoldenCases {
  readonly finite: boolean;
  readonly maxP95Ms?: number | undefined;
  readonly cases: readonly DecodedCase[];
}

export interface DecodedCase {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly compare: Comparator;
}

/**
 * Reads a release's golden file.
 *
 * @param value the parsed JSON
 * @throws ReleaseRefused FORMAT when it is not a golden file, or not one for this model
 */
export function readGolden(value: unknown, signature: ModelSignature): GoldenCases {
  const parsed = GoldenFile.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "unknown form"}`);
  }
  const { finite, maxP95Ms, cases } = parsed.data;
  return {
    finite,
    ...(maxP95Ms === undefined ? {} : { maxP95Ms }),
    cases: cases.map((golden) => decodeCase(golden, signature)),
  };
}

function decodeCase(golden: GoldenFile["cases"][number], signature: ModelSignature): DecodedCase {
  try {
    const inputs = golden.inputs.map((tensor) => decodeTensor(tensor, "input"));
    const outputs = golden.outputs.map((tensor) => decodeTensor(tensor, "output"));
    checkInputs(signature.inputs, inputs);
    checkOutputNames(
      signature.outputs,
      outputs.map(({ name }) => name),
    );
    return { name: golden.name, inputs, outputs, compare: golden.compare };
  } catch (error) {
    if (!(error instanceof InferError)) throw error;
    throw refused(`case ${golden.name}: ${error.message}`, error);
  }
}

type GoldenTensor = GoldenFile["cases"][number]["inputs"][number];

function decodeTensor({ name, datatype, shape, data }: GoldenTensor, what: string): Tensor {
  return parseJsonTensor({ name, dtype: dtypeOf(datatype, name), shape, data }, what);
}

function refused(text: string, cause?: unknown): ReleaseRefused {
  return new ReleaseRefused("FORMAT", `golden file: ${text}`, { cause });
}
