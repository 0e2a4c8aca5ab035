import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Whose batch it is and where it stands in that device's stream. */
export interface BatchPlace {
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
}

/**
 * The place of a batch that is otherwise not believed: so that a signed batch nobody can use does not stop its stream.
 * Its windows are skipped unread, for they may be why it was refused.
 *
 * @returns undefined when even that cannot be read
 */
export function readBatchPlace(bytes: Uint8Array): BatchPlace | undefined {
  try {
    const place = scanPlace(new BinaryReader(bytes));
    return Number.isSafeInteger(place.boot) && Number.isSafeInteger(place.seq) ? place : undefined;
  } catch {
    return undefined; // Not the wire form: there is no place to be read.
  }
}

function scanPlace(reader: BinaryReader): BatchPlace {
  let place: BatchPlace = { device: "", boot: 0, seq: 0 };
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === 1 && wireType === WireType.LengthDelimited) {
      place = { ...place, device: reader.string() };
    } else if (number === 2 && wireType === WireType.Varint) {
      place = { ...place, boot: Number(reader.uint64()) };
    } else if (number === 3 && wireType === WireType.Varint) {
      place = { ...place, seq: Number(reader.uint64()) };
    } else {
      reader.skip(wireType, number);
    }
  }
  return place;
}
