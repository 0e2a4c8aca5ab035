import { FormatError } from "@modelfleet/protocol";

/** The refusal's sentence, empty when nothing was refused; anything else than a FormatError is a defect. */
export function refusalOf(decode: () => unknown): string {
  try {
    decode();
    return "";
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    throw error;
  }
}
