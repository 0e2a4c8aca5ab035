import { fromBinary } from "@bufbuild/protobuf";
import { TelemetryBatchSchema } from "./telemetry_pb.ts";

/** Whose batch it is and where it stands in that device's stream. */
export interface BatchPlace {
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
}

/**
 * The place of a batch that is otherwise not believed: so that a signed batch nobody can use does not stop its stream.
 *
 * @returns undefined when even that cannot be read
 */
export function readBatchPlace(bytes: Uint8Array): BatchPlace | undefined {
  try {
    const { device, boot, seq } = fromBinary(TelemetryBatchSchema, bytes);
    const place = { device, boot: Number(boot), seq: Number(seq) };
    return Number.isSafeInteger(place.boot) && Number.isSafeInteger(place.seq) ? place : undefined;
  } catch {
    return undefined; // Not the wire form: there is no place to be read.
  }
}
