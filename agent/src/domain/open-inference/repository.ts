import { fieldsOf, flagOf } from "./json-fields.ts";
import { RequestRefused } from "./request-refused.ts";

/** A release this device knows of, in the words of Triton's model repository extension. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: "READY" | "LOADING" | "UNAVAILABLE";
  /** Why, where it is not plain: the code and the evidence of a refusal. */
  readonly reason: string;
}

/** Which entries are asked for. @param value parsed body; undefined when it was empty @throws RequestRefused FORMAT */
export function isReadyOnly(value: unknown): boolean {
  if (value === undefined) return false;
  return flagOf(fieldsOf(value, "body")["ready"], "ready") ?? false;
}

/** Which release runs is signed by the fleet; an application of the device may not change it. */
export function refuseChange(): never {
  throw new RequestRefused(
    "OWNED",
    "expected the controller to load and unload releases, got an application; deploy a release instead",
  );
}
