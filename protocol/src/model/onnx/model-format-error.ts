import { CodedError } from "../../errors.ts";

/** A model file that is not what it should be, or asks for what no runtime of ours has; found without loading it. */
export class ModelFormatError extends CodedError<"MODEL_FORMAT" | "EXTERNAL_DATA" | "OPERATOR"> {}
