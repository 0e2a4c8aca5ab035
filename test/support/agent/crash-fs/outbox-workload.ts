import { openFileOutbox } from "../../../../agent/src/adapters/file-outbox/file-outbox.ts";
import { durableWriter } from "../../../../agent/src/adapters/file-store/durable-write.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import type { Outbox } from "../../../../agent/src/ports/outbox.ts";
import { crashFs } from "./crash-fs.ts";
import type { CrashState, Run } from "./explore.ts";
import { emptyTree, filesOf } from "./tree.ts";

/** What whoever filled an outbox may rely on at one moment. */
export type Owed = {
  /** Reports whose `put` had resolved and that nobody has acknowledged. */
  readonly reports: readonly string[];
  /** Everything ever given to it. */
  readonly given: readonly string[];
  readonly dropped: number;
};

const entryBytes = 700;

/** Two starts of an agent: reports and telemetry go in, some are acknowledged, and telemetry is dropped for want of room. */
export async function recordOutbox(through: (fs: Fs) => Fs = (fs) => fs): Promise<Run<Owed>> {
  let owed: Owed = { reports: [], given: [], dropped: 0 };
  const disk = crashFs(emptyTree, () => owed);
  const fs = through(disk.fs);

  const put = async (outbox: Outbox, stream: "report" | "tele", name: string) => {
    const text = name.padEnd(entryBytes, name);
    owed = { ...owed, given: [...owed.given, text] };
    if (stream === "report") await outbox.put(() => Buffer.from(text));
    else
      await outbox.move(
        () => Buffer.from(text),
        () => Promise.resolve(),
      );
    const reports = stream === "report" ? [...owed.reports, text] : owed.reports;
    owed = { ...owed, reports, dropped: outbox.dropped() };
  };

  for (const boot of [1, 2]) {
    const outbox = await openOutbox(fs, boot);
    await put(outbox, "report", `report ${boot}.0`);
    for (const seq of [0, 1, 2]) await put(outbox, "tele", `telemetry ${boot}.${seq}`);
    for (const seq of [1, 2]) await put(outbox, "report", `report ${boot}.${seq}`);
    // Cumulative: it covers the start before, too.
    const isOwed = (text: string) => [1, 2].some((seq) => text.startsWith(`report ${boot}.${seq}`));
    owed = { ...owed, reports: owed.reports.filter(isOwed) };
    await outbox.acknowledge("report", { boot, seq: 0 });
  }
  return { start: emptyTree, journal: disk.journal, end: owed };
}

/** What does not hold after a power cut: what is owed is there, all that is there is whole, and no count has fallen. */
export async function checkOutbox({ tree, note }: CrashState<Owed>): Promise<readonly string[]> {
  const disk = crashFs(tree, () => undefined);
  const outbox = await openOutbox(disk.fs, 3);
  const entries = [
    ...(await outbox.pending("report", 100)),
    ...(await outbox.pending("tele", 100)),
  ];
  const found = entries.map(({ bytes }) => Buffer.from(bytes).toString("utf8"));
  const strays = [...filesOf(disk.tree()).keys()].filter((path) => path.endsWith(".tmp"));
  return [
    ...note.reports
      .filter((text) => !found.includes(text))
      .map((text) => `lost: ${text.slice(0, 10)}`),
    ...found.filter((text) => !note.given.includes(text)).map(() => "not whole"),
    ...(outbox.dropped() < note.dropped ? [`dropped fell to ${outbox.dropped()}`] : []),
    ...strays.map((path) => `left over: ${path}`),
  ];
}

function openOutbox(fs: Fs, boot: number): Promise<Outbox> {
  let serial = boot * 100;
  const write = durableWriter(fs, () => ++serial);
  const bytesMax = entryBytes * 4;
  return openFileOutbox({ fs, write, folder: "/outbox", boot, nowMs: () => 0, bytesMax });
}
