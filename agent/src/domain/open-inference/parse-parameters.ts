import { sequenceLimits, serveLimits } from "@modelfleet/protocol";
import type { SequencePlace } from "../serving/routed-model.ts";
import { flagOf, type JsonFields, optionalFields, textOf, wholeOf } from "./json-fields.ts";
import { RequestRefused } from "./request-refused.ts";

/** What a request says beside its tensors. */
export interface RequestParameters {
  readonly timeoutMs: number;
  readonly isBinaryByDefault: boolean;
  /** Requests of the same key are answered by the same release while a canary runs. */
  readonly requestKey: string | undefined;
  readonly sequence: SequencePlace | undefined;
}

const MICROSECONDS = 1_000;
const KEY_CHARACTERS_MAX = sequenceLimits.idLengthMax;

/**
 * Parameters of other servers, like `priority`, are passed over.
 *
 * @throws RequestRefused FORMAT
 */
export function parseParameters(value: unknown): RequestParameters {
  const parameters = optionalFields(value, "parameters");
  const key = parameters["request_key"];
  return {
    timeoutMs: readTimeout(parameters["timeout"]),
    isBinaryByDefault: flagOf(parameters["binary_data_output"], "binary_data_output") ?? false,
    requestKey: key === undefined ? undefined : textOf(key, "request_key", KEY_CHARACTERS_MAX),
    sequence: readSequence(parameters),
  };
}

/** Microseconds; 0 and none mean the longest. */
function readTimeout(value: unknown): number {
  if (value === undefined || value === 0) return serveLimits.requestMsMax;
  return Math.min(wholeOf(value, "timeout") / MICROSECONDS, serveLimits.requestMsMax);
}

function readSequence(parameters: JsonFields): SequencePlace | undefined {
  const id = readSequenceId(parameters["sequence_id"]);
  const isStart = flagOf(parameters["sequence_start"], "sequence_start") ?? false;
  const isEnd = flagOf(parameters["sequence_end"], "sequence_end") ?? false;
  if (id !== undefined) return { id, isStart, isEnd };
  if (!isStart && !isEnd) return undefined;
  throw new RequestRefused("FORMAT", "sequence_id: expected one beside sequence_start or _end");
}

/** A number and the text of its digits are the same id. As in Triton, 0 and the empty text are none. */
function readSequenceId(value: unknown): string | undefined {
  if (value === undefined || value === 0 || value === "") return undefined;
  if (typeof value === "number") return String(wholeOf(value, "sequence_id"));
  return textOf(value, "sequence_id", KEY_CHARACTERS_MAX);
}
