import { DatabaseSync } from "node:sqlite";
import { type AuditRecord, auditLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase, type Stores } from "../../controller/src/adapters/sql/open-database.ts";
import { CheckpointAudit } from "../../controller/src/app/audit/checkpoint-audit.ts";
import { MinuteTally } from "../../controller/src/app/audit/minute-tally.ts";
import { emptyTrace } from "../../controller/src/domain/audit/audit-trace.ts";
import { auditBreak, followAudit } from "../../controller/src/domain/audit/follow-audit.ts";
import { pageRecords } from "../../controller/src/domain/audit/page-records.ts";
import { KeyError } from "../../controller/src/domain/errors.ts";
import type { AuditLog } from "../../controller/src/ports/audit-log.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import { fixtureKeys } from "../support/controller/fixture-keys.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes, fleetRoot } from "../support/trust-fixtures.ts";

const HOUR_MS = 3_600_000;
const proof = { roots: [fleetRoot()], known: new Map() };

let folder: TemporaryFolder;
let stores: Stores;
let clock: ManualClock;
let log: RecordingLog;
const ports = () => ({ audit: stores.audit, clock, keys: fixtureKeys(), log });
const file = () => folder.inside("fleet.db");
beforeEach(async () => {
  folder = await temporaryFolder();
  stores = await openDatabase(file());
  clock = new ManualClock(fixtureTimes.nowMs);
  log = new RecordingLog();
});
afterEach(async () => {
  await stores[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function append(count: number): Promise<void> {
  const entries = Array.from({ length: count }, () => stores.audit.append(auditEntry()));
  await Promise.all(entries);
}

async function recordsOf(audit: AuditLog, count = 7): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = await audit.page(after, count);
    records.push(...pageRecords(page));
    after = page.next;
  }
  return records;
}

async function verdict() {
  const records = await recordsOf(stores.audit);
  const trace = records.reduce((end, record) => followAudit(end, record, proof), emptyTrace);
  return auditBreak(trace, proof) ?? { whole: trace.events, checkpoints: trace.checkpoints };
}

describe("the audit log", () => {
  test("numbers entries that come at once one after the other, in an unbroken chain", async () => {
    await append(40);

    expect(await verdict()).toEqual({ whole: 40, checkpoints: 0 });
  });

  test("has no entry of a change that was undone", async () => {
    const claim = {
      ...{ id: "claim001", secret: "s", class: "cam-v2", uses: 1, used: 0, labels: {} },
      ...{ createdAtMs: 1, expiresAtMs: 2 },
    } as Parameters<Stores["fleet"]["addClaim"]>[0];
    await stores.fleet.addClaim(claim, auditEntry());

    await expect(stores.fleet.addClaim(claim, auditEntry())).rejects.toThrow();

    expect(await verdict()).toEqual({ whole: 1, checkpoints: 0 });
  });

  test("goes on behind its newest entry after a restart", async () => {
    await append(3);
    await stores[Symbol.asyncDispose]();
    stores = await openDatabase(file());
    await append(2);

    expect(await verdict()).toEqual({ whole: 5, checkpoints: 0 });
  });

  test("is read in pages of any size with its checkpoints in their places", async () => {
    const checkpoints = new CheckpointAudit(ports());
    for (const entries of [3, 4, 1]) {
      await append(entries);
      await checkpoints.run("now");
    }

    const sizes = await Promise.all([1, 3, 4, 100].map((size) => recordsOf(stores.audit, size)));

    expect(new Set(sizes.map((records) => JSON.stringify(records))).size).toBe(1);
    expect(sizes[0]?.filter(({ kind }) => kind === "checkpoint").map(({ seq }) => seq)).toEqual([
      3, 7, 8,
    ]);
  });
});

describe("a checkpoint", () => {
  test("is signed after a hundred entries, after an hour with fewer, and when the controller stops", async () => {
    const checkpoints = new CheckpointAudit(ports());
    checkpoints.start();
    const signed = () => log.named("audit.checkpoint").map(({ seq }) => seq);

    await append(1);
    await clock.advance(auditLimits.checkpointLookMs);
    await append(auditLimits.checkpointEveryEvents - 1);
    await clock.advance(auditLimits.checkpointLookMs);
    expect(signed()).toEqual([1]);
    await append(1);
    await clock.advance(auditLimits.checkpointLookMs);
    expect(signed()).toEqual([1, 101]);
    await append(1);
    await clock.advance(HOUR_MS);
    expect(signed()).toEqual([1, 101, 102]);
    await clock.advance(HOUR_MS);
    await append(1);
    await checkpoints[Symbol.asyncDispose]();
    expect(signed()).toEqual([1, 101, 102, 103]);

    expect(await verdict()).toEqual({ whole: 103, checkpoints: 4 });
  });

  test("that two sign at once is stored once, so that each names the one before", async () => {
    const [one, two] = [new CheckpointAudit(ports()), new CheckpointAudit(ports())];
    await append(1);
    await Promise.all([one.run("now"), two.run("now")]);
    await append(1);
    await Promise.all([one.run("now"), append(1), two.run("now")]);

    expect(await verdict()).toMatchObject({ whole: 3 });
  });

  test("that cannot be signed now is told, and signed later", async () => {
    const failing = {
      ...fixtureKeys(),
      online: () => {
        throw new KeyError("SIGNING_FAILED", "the module is gone");
      },
    };
    await append(1);

    await new CheckpointAudit({ ...ports(), keys: failing }).run("now");
    await new CheckpointAudit(ports()).run("now");

    expect(log.named("audit.checkpoint-missing")).toMatchObject([{ code: "SIGNING_FAILED" }]);
    expect(await verdict()).toEqual({ whole: 1, checkpoints: 1 });
  });
});

describe("whoever edits the database of a stopped controller", () => {
  beforeEach(async () => {
    const checkpoints = new CheckpointAudit(ports());
    for (const entries of [4, 4, 4]) {
      await append(entries);
      await checkpoints.run("now");
    }
  });

  /** A second program on the same file, as the controller holds it alone while it runs. */
  async function edit(statements: string): Promise<void> {
    await stores[Symbol.asyncDispose]();
    const database = new DatabaseSync(file());
    database.exec(statements);
    database.close();
    stores = await openDatabase(file());
  }

  test.each([
    ["removed", "delete from audit_events where seq = 6", { seq: 6, how: "removed" }],
    [
      "changed",
      "update audit_events set actor = 'key:2' where seq = 6",
      { seq: 6, how: "changed" },
    ],
    [
      "reordered",
      "update audit_events set seq = -1 where seq = 6; update audit_events set seq = 6 where seq = 7; update audit_events set seq = 7 where seq = -1",
      { seq: 6, how: "reordered" },
    ],
    ["cut", "delete from audit_events where seq > 10", { seq: 11, how: "cut" }],
    [
      "moved in time",
      "update audit_events set at_ms = at_ms - 1 where seq = 12",
      { seq: 12, how: "changed" },
    ],
  ])("F59: and an entry is %s, is found", async (_, statements, found) => {
    expect(await verdict()).toEqual({ whole: 12, checkpoints: 3 });

    await edit(statements);

    expect(await verdict()).toMatchObject(found);
  });

  test("F59: and a checkpoint is removed or moved, is found", async () => {
    await edit("delete from audit_checkpoints where seq = 4");
    expect(await verdict()).toMatchObject({ seq: 8, how: "removed" });

    await edit("update audit_checkpoints set seq = 5 where seq = 8");
    expect(await verdict()).toMatchObject({ seq: 5, how: "forged" });
  });

  test("F59: and then lets the controller go on, is found all the same", async () => {
    await edit("update audit_events set detail = '{}x' where seq = 9");
    await append(5);
    await new CheckpointAudit(ports()).run("now");

    expect(await verdict()).toMatchObject({ seq: 9, how: "changed" });
  });
});

describe("what strangers try", () => {
  test("is one entry a minute for each reason, with how often", async () => {
    const tally = new MinuteTally(ports());
    tally.start();
    const refused = (reason: string) => tally.count({ action: "enrolment.refused", reason });
    for (let i = 0; i < 500; i++) refused("MAC_MISMATCH");
    refused("CLAIM_USED");
    await clock.advance(auditLimits.tallyEveryMs);
    refused("CLAIM_USED");
    await tally[Symbol.asyncDispose]();

    const { events } = await stores.audit.page(0, 10);

    expect(
      events.map(({ action, detail }) => [action, JSON.parse(detail) as object]),
    ).toMatchObject([
      ["enrolment.refused", { reason: "MAC_MISMATCH", times: 500 }],
      ["enrolment.refused", { reason: "CLAIM_USED", times: 1 }],
      ["enrolment.refused", { reason: "CLAIM_USED", times: 1 }],
    ]);
  });

  test("in more ways than are counted apart is counted together", async () => {
    await using tally = new MinuteTally(ports());
    const { tallyReasonsMax } = auditLimits;
    for (let i = 0; i < tallyReasonsMax + 3; i++) tally.count({ action: "a.b", reason: `R${i}` });
    await tally[Symbol.asyncDispose]();

    const { events } = await stores.audit.page(0, auditLimits.pageEventsMax);

    expect(events).toHaveLength(tallyReasonsMax + 1);
    expect(JSON.parse(events.at(-1)?.detail ?? "")).toMatchObject({ reason: "OTHER", times: 3 });
  });
});
