import type { DesiredModel, DesiredSlot, SlotName } from "@modelfleet/protocol";

/** What should run in one slot, with the size of its signed document. */
export type SizedSlot = DesiredSlot & { readonly envelopeSize: number };

/** Entries of a desired document for these slots. */
export function desiredModels(
  slots: readonly SizedSlot[],
): readonly Omit<DesiredModel, "activate">[] {
  return slots.map(({ slot, model, release, envelopeSize, deferMsMax }) => ({
    slot,
    model,
    release,
    size: envelopeSize,
    ...(deferMsMax === undefined ? {} : { deferMsMax }),
  }));
}

/** The slots after one of them got a new wish; the others stay. */
export function withSlot<T extends { readonly slot: SlotName }>(
  slots: readonly T[],
  entry: T,
): T[] {
  return [...slots.filter((other) => other.slot !== entry.slot), entry];
}
