import { readdir, truncate, writeFile } from "node:fs/promises";
import { outboxLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openFileOutbox } from "../../agent/src/adapters/file-outbox/file-outbox.ts";
import { durableWriter } from "../../agent/src/adapters/file-store/durable-write.ts";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import type { Outbox, OutboxStream } from "../../agent/src/ports/outbox.ts";
import { faultyFs } from "../support/agent/faulty-fs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Options = {
  readonly boot?: number;
  readonly bytesMax?: number;
  readonly ageMsMax?: number;
  readonly nowMs?: () => number;
  readonly fs?: typeof nodeFs;
};

function openOutbox(folder: string, options: Options = {}): Promise<Outbox> {
  const { fs = nodeFs } = options;
  let serial = 0;
  const write = durableWriter(fs, () => ++serial);
  return openFileOutbox({ boot: 1, nowMs: Date.now, folder, ...options, fs, write });
}

const nothingToSettle = () => Promise.resolve();

async function put(outbox: Outbox, stream: OutboxStream, ...texts: readonly string[]) {
  for (const text of texts) {
    if (stream === "report") await outbox.put(() => Buffer.from(text));
    else expect(await outbox.move(() => Buffer.from(text), nothingToSettle)).toBe(true);
  }
}

async function texts(outbox: Outbox, stream: OutboxStream): Promise<readonly string[]> {
  const entries = await outbox.pending(stream, 100);
  return entries.map(({ bytes }) => Buffer.from(bytes).toString("utf8"));
}

test("entries come out oldest first, numbered from zero, until they are acknowledged", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  await put(outbox, "report", "a", "b", "c");

  const before = await outbox.pending("report", 2);
  await outbox.acknowledge("report", { boot: 1, seq: 1 });

  expect(before.map(({ boot, seq }) => [boot, seq])).toEqual([
    [1, 0],
    [1, 1],
  ]);
  expect(await texts(outbox, "report")).toEqual(["c"]);
});

test("what is asked for after a place leaves out what was sent already", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  await put(outbox, "tele", "a", "b", "c");

  const rest = await outbox.pending("tele", 10, { boot: 1, seq: 0 });

  expect(rest.map(({ seq }) => seq)).toEqual([1, 2]);
});

test("entries of earlier starts come before those of this one, and an acknowledgement covers them", async () => {
  await using folder = await temporaryFolder();
  await put(await openOutbox(folder.path, { boot: 9 }), "tele", "old");
  const outbox = await openOutbox(folder.path, { boot: 10 });
  await put(outbox, "tele", "new");

  expect(await texts(outbox, "tele")).toEqual(["old", "new"]);
  await outbox.acknowledge("tele", { boot: 9, seq: 99 });
  expect(await texts(outbox, "tele")).toEqual(["new"]);
  expect(await texts(outbox, "report")).toEqual([]);
});

test("beyond the limit a report costs the oldest telemetry, which is counted, and the count survives a restart", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path, { bytesMax: 30 });
  await put(outbox, "tele", "t1".padEnd(10), "t2".padEnd(10), "t3".padEnd(10));
  await put(outbox, "report", "r".padEnd(10));

  expect((await texts(outbox, "tele")).map((text) => text.trim())).toEqual(["t2", "t3"]);
  expect(outbox.dropped()).toBe(1);
  expect((await openOutbox(folder.path, { boot: 2 })).dropped()).toBe(1);
});

test("reports are never dropped: telemetry gives way to them, and then they exceed the limit", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path, { bytesMax: 30 });
  await put(outbox, "tele", "t".repeat(25));
  const reports = Array.from({ length: 5 }, (_, index) => `report ${index}`.padEnd(10));

  await put(outbox, "report", ...reports);
  const isMoved = await outbox.move(() => Buffer.from("late"), nothingToSettle);

  expect(isMoved).toBe(false);
  expect(await texts(outbox, "report")).toEqual(reports);
  expect(await texts(outbox, "tele")).toEqual([]);
  expect(outbox.dropped()).toBe(1);
});

test("telemetry older than the limit goes with the next report", async () => {
  await using folder = await temporaryFolder();
  let nowMs = Date.now();
  const outbox = await openOutbox(folder.path, { ageMsMax: 1_000, nowMs: () => nowMs });
  await put(outbox, "tele", "old");
  nowMs += 1;
  await put(outbox, "tele", "new");
  nowMs += 1_000;
  await put(outbox, "report", "next");

  expect(await texts(outbox, "tele")).toEqual(["new"]);
});

test("what a killed start left half written is not an entry, and is cleared away", async () => {
  await using folder = await temporaryFolder();
  await put(await openOutbox(folder.path), "report", "whole");
  const half = `${"0".repeat(15)}1-${"0".repeat(15)}1.7.tmp`;
  await writeFile(folder.inside("report", half), "ha");

  const outbox = await openOutbox(folder.path, { boot: 2 });

  expect(await texts(outbox, "report")).toEqual(["whole"]);
  expect(await readdir(folder.inside("report"))).toHaveLength(1);
});

test("an entry cut short behind our back does not stop those behind it", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  await put(outbox, "report", "first", "second");
  const [name = ""] = (await readdir(folder.inside("report"))).toSorted();
  await truncate(folder.inside("report", name), 2);

  expect(await texts(outbox, "report")).toEqual(["second"]);
});

test("on a full disk a report takes the room of the oldest telemetry", async () => {
  await using folder = await temporaryFolder();
  const { fs, failNext } = faultyFs(nodeFs);
  const outbox = await openOutbox(folder.path, { fs });
  await put(outbox, "tele", "old", "newer");
  failNext("write", "ENOSPC");

  await put(outbox, "report", "owed");

  expect(await texts(outbox, "report")).toEqual(["owed"]);
  expect(await texts(outbox, "tele")).toEqual(["newer"]);
});

test("an entry one byte too long is a mistake of ours", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  const put = (bytes: number) => outbox.put(() => new Uint8Array(bytes));

  await expect(put(outboxLimits.entryBytesMax + 1)).rejects.toThrow(RangeError);
  await expect(put(outboxLimits.entryBytesMax)).resolves.toBeUndefined();
});

test("F60: reports that a read-only disk does not take are sent all the same, and go to the disk with the next one it takes", async () => {
  await using folder = await temporaryFolder();
  const { fs, failNext } = faultyFs(nodeFs);
  const outbox = await openOutbox(folder.path, { fs });
  failNext("open", "EROFS", 2);
  await put(outbox, "report", "first", "second");
  const onDisk = await readdir(folder.inside("report"));
  const sent = await texts(outbox, "report");

  await put(outbox, "report", "third");

  expect(onDisk).toEqual([]);
  expect(sent).toEqual(["first", "second"]);
  expect(await texts(await openOutbox(folder.path, { boot: 2 }), "report")).toEqual([
    ...["first", "second", "third"],
  ]);
});

test("F60: of reports without a disk so many are kept, and the next is refused", async () => {
  await using folder = await temporaryFolder();
  const { fs, failNext } = faultyFs(nodeFs);
  const outbox = await openOutbox(folder.path, { fs });
  const { unstoredReportsMax } = outboxLimits;
  failNext("open", "EROFS", unstoredReportsMax + 1);
  for (let count = 0; count < unstoredReportsMax; count += 1) await put(outbox, "report", "kept");

  await expect(put(outbox, "report", "too many")).rejects.toMatchObject({ code: "STORE_FAILED" });

  expect(await texts(outbox, "report")).toHaveLength(unstoredReportsMax);
});

test("F60: telemetry that a read-only disk does not take stays where it waits, and costs none of the older", async () => {
  await using folder = await temporaryFolder();
  const { fs, failNext } = faultyFs(nodeFs);
  const outbox = await openOutbox(folder.path, { fs });
  await put(outbox, "tele", "old");
  failNext("open", "EROFS");
  const settled: string[] = [];

  const isMoved = await outbox.move(
    () => Buffer.from("new"),
    () => Promise.resolve(void settled.push("settled")),
  );

  expect(isMoved).toBe(false);
  expect(settled).toEqual([]);
  expect(await texts(outbox, "tele")).toEqual(["old"]);
  expect(outbox.dropped()).toBe(0);
});

test("a report counts as begun from the moment it is written, so that what is read later is newer", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  await put(outbox, "report", "a", "b");
  await put(outbox, "tele", "c");

  expect(outbox.reportsBegun()).toBe(2);
  let begun = 0;
  await outbox.put(() => Buffer.from("d"));
  const last = outbox.put(() => {
    queueMicrotask(() => {
      begun = outbox.reportsBegun();
    });
    return Buffer.from("e");
  });
  await last;

  expect(begun).toBe(4);
  const restarted = await openOutbox(folder.path, { boot: 2 });
  expect(restarted.reportsBegun()).toBe(0);
});

test("the oldest report that is owed is the first of those held, and the next one where none is", async () => {
  await using folder = await temporaryFolder();
  const outbox = await openOutbox(folder.path);
  const empty = outbox.oldestReport();
  await put(outbox, "report", "a", "b", "c");

  await outbox.acknowledge("report", { boot: 1, seq: 0 });
  const begun = outbox.oldestReport();
  const restarted = await openOutbox(folder.path, { boot: 2 });
  const kept = restarted.oldestReport();
  await restarted.acknowledge("report", { boot: 1, seq: 2 });

  expect(empty).toEqual({ boot: 1, seq: 0 });
  expect(begun).toEqual({ boot: 1, seq: 1 });
  expect(kept).toEqual({ boot: 1, seq: 1 });
  expect(restarted.oldestReport()).toEqual({ boot: 2, seq: 0 });
});

test("the first report of a start names the last one that is owed of an earlier start", async () => {
  await using folder = await temporaryFolder();
  await put(await openOutbox(folder.path), "report", "a", "b");
  const outbox = await openOutbox(folder.path, { boot: 2 });
  const places: object[] = [];
  const keep = (place: object) => {
    places.push(place);
    return Buffer.from("c");
  };

  await outbox.put(keep);
  await outbox.put(keep);

  expect(places).toEqual([
    { boot: 2, seq: 0, behind: { boot: 1, seq: 1 } },
    { boot: 2, seq: 1 },
  ]);
});
