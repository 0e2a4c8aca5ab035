import type { Outbox, OutboxEntry, OutboxStream } from "../../../agent/src/ports/outbox.ts";

/** An outbox without a disk, holding so many of start 1; the bytes of a report are its number, those of a batch 100 more. */
export function outboxInMemory(reports: number, batches = 0) {
  const made = (count: number, first: number) =>
    Array.from({ length: count }, (_, seq) => ({
      ...{ boot: 1, seq, bytes: Uint8Array.of(first + seq) },
    }));
  const held: Record<OutboxStream, OutboxEntry[]> = {
    report: made(reports, 0),
    tele: made(batches, 100),
  };
  const isAfter = (entry: OutboxEntry, place: { boot: number; seq: number }) =>
    entry.boot > place.boot || (entry.boot === place.boot && entry.seq > place.seq);
  const outbox: Outbox = {
    put: () => Promise.resolve(),
    move: () => Promise.resolve(false),
    reportsBegun: () => reports,
    oldestReport: () => {
      const [oldest] = held.report;
      return { boot: 1, seq: oldest?.seq ?? reports };
    },
    dropped: () => 0,
    pending: (stream, count, after) =>
      Promise.resolve(
        held[stream]
          .filter((entry) => after === undefined || isAfter(entry, after))
          .slice(0, count),
      ),
    acknowledge: (stream, place, from) => {
      held[stream] = held[stream].filter(
        (entry) =>
          isAfter(entry, place) || (from !== undefined && isAfter({ ...entry, ...from }, entry)),
      );
      return Promise.resolve();
    },
  };
  return { ...outbox, owed: (stream: OutboxStream) => held[stream].map(({ seq }) => seq) };
}
