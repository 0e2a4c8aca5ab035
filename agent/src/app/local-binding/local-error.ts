import { BusError } from "../../domain/bus-error.ts";
import { InferError } from "../../domain/infer-error.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";

/** An expected failure of one message. */
export type LocalError = InferError | RequestRefused | BusError;

export function isLocalError(cause: unknown): cause is LocalError {
  return (
    cause instanceof InferError || cause instanceof RequestRefused || cause instanceof BusError
  );
}

/** Whether nothing was wrong with the message but the moment. */
export function isDropped({ code }: LocalError): boolean {
  return code === "OVERLOADED" || code === "OFFLINE" || code === "BUSY";
}

export function errorPayload({ code, message }: LocalError, id?: string): Uint8Array {
  return Buffer.from(JSON.stringify({ error: message, code, id }));
}
