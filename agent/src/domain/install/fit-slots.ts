import { documentLimits, encodePayload, type SlotReport } from "@modelfleet/protocol";
import { cutDetail } from "./cut-detail.ts";

/** How much is told of what the slots refuse: from everything to nothing. */
const tellings = [
  { refusedMax: Number.POSITIVE_INFINITY, detailBytesMax: 512 },
  { refusedMax: Number.POSITIVE_INFINITY, detailBytesMax: 64 },
  { refusedMax: 1, detailBytesMax: 0 },
  { refusedMax: 0, detailBytesMax: 0 },
] as const;

type Telling = (typeof tellings)[number];

/**
 * The message with as much about refused releases as fits a signed payload. What runs is always in it; why something
 * does not run was in the report of that step already.
 *
 * @param compose the message with these slots; the rest of it is at most 1,500 bytes
 */
export function fitSlots<Message extends object>(
  slots: readonly SlotReport[],
  compose: (slots: SlotReport[]) => Message,
): Message {
  const composed = (telling: Telling) => compose(slots.map((slot) => tell(slot, telling)));
  for (const telling of tellings) {
    const message = composed(telling);
    if (encodePayload(message).length <= documentLimits.payloadBytesMax) return message;
  }
  throw new RangeError(`expected a message with ${slots.length} slots to fit a payload`);
}

function tell(slot: SlotReport, { refusedMax, detailBytesMax }: Telling): SlotReport {
  const latest = slot.refused.slice(Math.max(0, slot.refused.length - refusedMax));
  const refused = latest.map((one) => ({ ...one, detail: cutDetail(one.detail, detailBytesMax) }));
  return { ...slot, refused };
}
