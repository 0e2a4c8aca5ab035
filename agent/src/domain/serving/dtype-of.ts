import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";

const dtypes: ReadonlyMap<string, ElementType> = new Map(
  Object.entries(elementTypes).map(([dtype, { oip }]) => [oip, dtype as ElementType]),
);

/** @throws InferError BAD_TENSOR for a datatype the protocol does not know */
export function dtypeOf(datatype: string, tensorName: string): ElementType {
  const dtype = dtypes.get(datatype);
  if (dtype !== undefined) return dtype;
  const known = [...dtypes.keys()].join(", ");
  throw new InferError(
    "BAD_TENSOR",
    `tensor ${tensorName}: expected a datatype of ${known}, got ${datatype.slice(0, 16)}`,
  );
}
