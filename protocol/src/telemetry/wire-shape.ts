import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { FormatError } from "../errors.ts";
import { telemetryLimits } from "../limits.ts";
import { refused } from "./wire-check.ts";

/** How often a message field may stand in its message, by field number of `telemetry.proto`. */
interface MessageFields {
  readonly [number: number]: {
    readonly name: string;
    readonly max: number;
    readonly inner?: MessageFields;
  };
}

/** The messages inside a `TelemetryWindow`. */
export const windowFields: MessageFields = {
  9: { name: "errors", max: telemetryLimits.errorCodesMax },
  10: { name: "latency", max: 1 },
  11: { name: "features", max: telemetryLimits.featuresMax },
  12: { name: "outputs", max: telemetryLimits.outputsMax },
  14: { name: "categories", max: telemetryLimits.categoriesMax },
};

/** The messages inside a `TelemetryBatch`. */
export const batchFields: MessageFields = {
  5: { name: "windows", max: telemetryLimits.windowsPerBatchMax, inner: windowFields },
  6: { name: "feedback", max: telemetryLimits.feedbackPerBatchMax },
};

/**
 * Counts the messages inside a message before anything is made of them:
 * a message of two bytes costs thousands of times its size once it is an object.
 *
 * @param place where it stands, for the refusal
 * @throws FormatError naming the field; a library error when the bytes are not protobuf
 */
export function checkShape(bytes: Uint8Array, fields: MessageFields, place: string): void {
  const reader = new BinaryReader(bytes);
  const seen = new Map<number, number>();
  let others = 0;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields[number];
    if (field === undefined || wireType !== WireType.LengthDelimited) {
      others += 1;
      if (others > telemetryLimits.plainFieldsMax) throw tooManyFields(place);
      reader.skip(wireType, number);
      continue;
    }
    const index = seen.get(number) ?? 0;
    if (index === field.max) {
      throw refused({ place, name: field.name }, `at most ${field.max} entries`, "more");
    }
    seen.set(number, index + 1);
    const message = reader.bytes();
    const inside = `${place}${place === "" ? "" : "."}${field.name}[${index}]`;
    if (field.inner !== undefined) checkShape(message, field.inner, inside);
  }
}

/** Fields of an agent to come are passed over, but not thousands of them. */
function tooManyFields(place: string): FormatError {
  const { plainFieldsMax } = telemetryLimits;
  return refused({ place, name: "fields" }, `at most ${plainFieldsMax} that are no lists`, "more");
}
