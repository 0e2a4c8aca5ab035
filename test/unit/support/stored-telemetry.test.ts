import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { digest8, encodeWindow } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../support/random.ts";
import { emptyWindow, releaseDigest } from "../../support/telemetry/windows.ts";
import { heldAgainst } from "../../support/telemetry-killed/stored-telemetry.ts";
import { TeleDevice } from "../../support/telemetry-killed/tele-device.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const release = digest8(releaseDigest);

/** A device that has made three batches and, of an outbox of two, dropped the first. */
function measured(): TeleDevice {
  const device = new TeleDevice({
    ...{ id: "tele-0", secret: "", brokerUrl: "", outboxMax: 2, random: seededRandom(1) },
    heard: () => undefined,
  });
  for (let count = 0; count < 3; count++) device.produce(release, 0);
  return device;
}

/** What a controller has of it that took the last two, after `change`. */
async function found(change: string): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const device = measured();
  const database = new DatabaseSync(join(folder.path, "controller.sqlite"));
  database.exec(`
    create table telemetry_batches (device, era, boot, seq, dropped);
    create table telemetry_windows (device, era, boot, seq, position, release8, cell_ms, mark, bytes);
    create table telemetry_boots (device, boot, seq_max, received);
    create table drift_cells (release8, cell_ms, marked);
    insert into telemetry_boots values ('tele-0', 1, 2, 2);
    insert into drift_cells values ('${release}', 0, 2);
  `);
  for (const [index, { seq, requests, dropped }] of device.produced.slice(1).entries()) {
    const latency = { ...emptyWindow.latency, zeroCount: requests };
    const bytes = encodeWindow({ ...emptyWindow, release, requests, latency });
    database
      .prepare("insert into telemetry_batches values ('tele-0', 0, 1, ?, ?)")
      .run(seq, dropped);
    database
      .prepare("insert into telemetry_windows values ('tele-0', 0, 1, ?, 0, ?, 0, ?, ?)")
      .run(seq, release, index + 1, bytes);
  }
  database.exec(change);
  database.close();
  return heldAgainst(folder.path, [device]).violations;
}

test("a database that has every batch once, but for what was dropped, is found whole", async () => {
  expect(await found("")).toEqual([]);
});

test.each([
  ["a lost batch", "delete from telemetry_windows where seq = 2", "is lost"],
  [
    "a batch twice",
    "insert into telemetry_windows select device, era, boot, seq, 1, release8, cell_ms, 3, bytes from telemetry_windows where seq = 2",
    "is there twice",
  ],
  [
    "a batch nobody made",
    "update telemetry_windows set seq = 9 where seq = 2; update telemetry_batches set seq = 9 where seq = 2",
    "made undefined",
  ],
  [
    "another's content",
    "update telemetry_windows set bytes = (select bytes from telemetry_windows where seq = 1) where seq = 2",
    "stored",
  ],
  [
    "a drop that is not counted",
    "update telemetry_batches set dropped = 0 where seq = 2",
    "stored",
  ],
  ["a batch counted twice", "update telemetry_boots set received = 3", "counted as received"],
  [
    "a window that is in no cell's count",
    "update drift_cells set marked = 1",
    "2 windows, 1 counted",
  ],
  ["two windows with one number", "update telemetry_windows set mark = 1", "cell"],
])("%s is found", async (_name, change, violation) => {
  expect((await found(change)).join("\n")).toContain(violation);
});
