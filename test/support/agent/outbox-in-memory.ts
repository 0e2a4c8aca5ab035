import type { Outbox, OutboxEntry, OutboxStream } from "../../../agent/src/ports/outbox.ts";

/** An outbox without a disk, holding so many reports of start 1. */
export function outboxInMemory(reports: number) {
  const held: Record<OutboxStream, OutboxEntry[]> = {
    report: Array.from({ length: reports }, (_, seq) => ({
      boot: 1,
      seq,
      bytes: Uint8Array.of(seq),
    })),
    tele: [],
  };
  const isAfter = (entry: OutboxEntry, place: { boot: number; seq: number }) =>
    entry.boot > place.boot || (entry.boot === place.boot && entry.seq > place.seq);
  const outbox: Outbox = {
    put: () => Promise.resolve(),
    move: () => Promise.resolve(false),
    reportsBegun: () => reports,
    dropped: () => 0,
    pending: (stream, count, after) =>
      Promise.resolve(
        held[stream]
          .filter((entry) => after === undefined || isAfter(entry, after))
          .slice(0, count),
      ),
    acknowledge: (stream, place) => {
      held[stream] = held[stream].filter((entry) => isAfter(entry, place));
      return Promise.resolve();
    },
  };
  return { ...outbox, owed: (stream: OutboxStream) => held[stream].map(({ seq }) => seq) };
}
