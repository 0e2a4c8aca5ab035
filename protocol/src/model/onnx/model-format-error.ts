import { CodedError } from "../../errors.ts";

/** A model file that is not what it should be; found without loading it. */
export class ModelFormatError extends CodedError<"MODEL_FORMAT" | "EXTERNAL_DATA"> {}
