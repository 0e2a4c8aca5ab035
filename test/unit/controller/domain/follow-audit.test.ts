import { type AuditRecord, encodeBase64, type Sha256 } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  type AuditBreak,
  emptyTrace,
} from "../../../../controller/src/domain/audit/audit-trace.ts";
import { chainHash } from "../../../../controller/src/domain/audit/chain-hash.ts";
import { isCheckpointDue } from "../../../../controller/src/domain/audit/checkpoint-due.ts";
import { auditBreak, followAudit } from "../../../../controller/src/domain/audit/follow-audit.ts";
import { auditRecords, signCheckpoint } from "../../../support/controller/audit-records.ts";
import {
  fleetKeys,
  fleetRoot,
  keyTable,
  roleRule,
  seedSigner,
} from "../../../support/trust-fixtures.ts";

type Event = Extract<AuditRecord, { kind: "event" }>;
const whole = auditRecords(12);
const proof = { roots: [fleetRoot()], known: new Map<number, Sha256>() };
const events = whole.filter((record): record is Event => record.kind === "event");
const [, , , fourth, fifth, sixth] = events as [Event, Event, Event, Event, Event, Event];

function verdict(records: readonly AuditRecord[], by = proof): AuditBreak | "whole" {
  const trace = records.reduce((end, record) => followAudit(end, record, by), emptyTrace);
  return auditBreak(trace, by) ?? "whole";
}
const isAt =
  (seq: number, kind: AuditRecord["kind"] = "event") =>
  (record: AuditRecord) =>
    record.seq === seq && record.kind === kind;
const without = (unwanted: (record: AuditRecord) => boolean) =>
  whole.filter((record) => !unwanted(record));
const replaced = (seq: number, by: AuditRecord) =>
  whole.map((record) => (isAt(seq, by.kind)(record) ? by : record));
/** An event as whoever has no key would write it anew, with a hash that fits. */
const rehashed = (event: Event): Event => ({ ...event, hash: chainHash(event) });
/** Everything from this entry on written anew upon a changed one; the checkpoints are as they were. */
function rewritten(from: number, records: readonly AuditRecord[] = whole): readonly AuditRecord[] {
  let previousHash: Sha256 | undefined;
  return records.map((record) => {
    if (record.kind === "checkpoint" || record.seq < from) return record;
    const changed = {
      ...record,
      actor: "nobody",
      previousHash: previousHash ?? record.previousHash,
    };
    const event = rehashed(changed);
    previousHash = event.hash;
    return event;
  });
}

describe("an audit log", () => {
  test("as it was written is whole, and so is one of nothing", () => {
    expect(verdict(whole)).toBe("whole");
    expect(verdict([])).toBe("whole");
  });

  test("is whole without its roots: then signatures are not looked at", () => {
    expect(verdict(auditRecords(8, seedSigner("stranger")), { ...proof, roots: [] })).toBe("whole");
  });

  test("of a fleet that had another online key before is whole under both roots", () => {
    const other = seedSigner("online 2");
    const { root, release } = fleetKeys;
    const newer = fleetRoot({
      keys: keyTable([...root, release, other]),
      roles: { ...fleetRoot().document.roles, online: roleRule([other], 1) },
    });
    const log = auditRecords(4, other);

    expect(verdict(log)).toMatchObject({ how: "forged", seq: 4 });
    expect(verdict(log, { ...proof, roots: [fleetRoot(), newer] })).toBe("whole");
  });

  test("F59: with an entry removed is broken where it was", () => {
    expect(verdict(without(isAt(5)))).toMatchObject({ seq: 5, how: "removed" });
    expect(verdict(without(isAt(4)))).toMatchObject({ seq: 4, how: "removed" });
    expect(verdict(without(isAt(1)))).toMatchObject({ seq: 1, how: "removed" });
    expect(verdict(without(({ seq }) => seq > 4 && seq < 9))).toMatchObject({
      seq: 5,
      how: "removed",
    });
  });

  test("F59: with an entry removed and the others renumbered is broken there", () => {
    const renumbered = without(isAt(5)).map((record) =>
      record.kind === "event" && record.seq > 5 ? { ...record, seq: record.seq - 1 } : record,
    );
    const rehashedToo = renumbered.map((record) =>
      record.kind === "event" ? rehashed(record) : record,
    );

    expect(verdict(renumbered)).toMatchObject({ seq: 5 });
    expect(verdict(rehashedToo)).not.toBe("whole");
  });

  test.each([
    ["actor", { actor: "key:2" }],
    ["action", { action: "thing.removed" }],
    ["subject", { subject: "thing:2" }],
    ["detail", { detail: '{"seq":55}' }],
    ["time", { atMs: 2 }],
    ["hash", { hash: "f".repeat(64) as Sha256 }],
  ])("F59: with the %s of an entry changed is broken there", (_, change) => {
    const verdictOf = verdict(replaced(5, { ...fifth, ...change }));

    expect(verdictOf).toMatchObject({ seq: 5, how: "changed" });
  });

  test("F59: with a changed entry and its hash made to fit is broken there", () => {
    const changed = rehashed({ ...fifth, actor: "key:2" });

    expect(verdict(replaced(5, changed))).toMatchObject({ seq: 5, how: "changed" });
  });

  test("F59: that skips a number is broken there, although every hash fits", () => {
    const skipping = rehashed({ ...sixth, seq: 7, previousHash: fifth.hash });

    expect(verdict([...whole.slice(0, 6), skipping])).toMatchObject({ seq: 6, how: "changed" });
  });

  test("F59: written anew from an entry on is broken at the next checkpoint", () => {
    expect(verdict(rewritten(6))).toMatchObject({ seq: 8, how: "changed" });
    expect(verdict(rewritten(1))).toMatchObject({ seq: 4, how: "changed" });
  });

  test("F59: with two entries reordered is broken at the first of them", () => {
    const swapped = whole.map((record) => {
      if (isAt(5)(record)) return sixth;
      return isAt(6)(record) ? fifth : record;
    });
    const numbersSwappedToo = whole.map((record) => {
      if (isAt(5)(record)) return { ...sixth, seq: 5 };
      return isAt(6)(record) ? { ...fifth, seq: 6 } : record;
    });

    expect(verdict(swapped)).toMatchObject({ seq: 5, how: "reordered" });
    expect(verdict(numbersSwappedToo)).toMatchObject({ seq: 5, how: "reordered" });
  });

  test("F59: with an entry twice is broken behind it", () => {
    const twice = whole.flatMap((record) => (isAt(5)(record) ? [record, record] : [record]));

    expect(verdict(twice)).toMatchObject({ seq: 6 });
  });

  test("F59: whose tail was cut is broken when its last checkpoint is still there", () => {
    const cut = without((record) => record.kind === "event" && record.seq > 10);

    expect(verdict(cut)).toMatchObject({ seq: 11, how: "cut" });
  });

  test("F59: whose tail was cut with its checkpoints shows it to whoever exported one", () => {
    const cut = without(({ seq }) => seq > 7);
    const known = new Map([[8, events[7]?.hash as Sha256]]);

    expect(verdict(cut)).toBe("whole");
    expect(verdict(cut, { ...proof, known })).toMatchObject({ seq: 8, how: "cut" });
    expect(verdict(whole, { ...proof, known })).toBe("whole");
  });

  test("F59: written anew with valid checkpoints shows it to whoever exported one", () => {
    // Whoever holds the database and the online key can make a log like `whole`, and not the hash of the true one.
    const known = new Map([[8, "0".repeat(64) as Sha256]]);

    expect(verdict(whole, { ...proof, known })).toMatchObject({ seq: 8, how: "changed" });
  });
});

describe("a checkpoint", () => {
  const checkpointAt4 = (changes: object, signer = fleetKeys.online): AuditRecord => ({
    kind: "checkpoint",
    seq: 4,
    envelope: encodeBase64(
      signCheckpoint({ seq: 4, hash: fourth.hash, previous: null, ...changes }, signer),
    ),
  });

  test("as it should be is accepted", () => {
    expect(verdict([...whole.slice(0, 4), checkpointAt4({})])).toBe("whole");
  });

  test("F59: forged with a key that is not the fleet's is found", () => {
    const forged = checkpointAt4({}, seedSigner("stranger"));

    expect(verdict(replaced(4, forged))).toMatchObject({ seq: 4, how: "forged" });
  });

  test.each([
    ["another fleet", checkpointAt4({ fleet: "00000000-8a2d-4a54-9c0e-3b5a1f0d2c11" }), "forged"],
    ["another entry", checkpointAt4({ seq: 8 }), "forged"],
    ["another hash", checkpointAt4({ hash: fifth.hash }), "changed"],
    ["a checkpoint that is not there", checkpointAt4({ previous: fifth.hash }), "removed"],
    ["nothing at all", { kind: "checkpoint", seq: 4, envelope: "" }, "forged"],
  ] as const)("F59: that speaks of %s is found", (_, checkpoint, how) => {
    expect(verdict(replaced(4, checkpoint))).toMatchObject({ seq: 4, how });
  });

  test("F59: by another's key for another fleet may come of a wrong root, unless one before it held", () => {
    const fleet = "00000000-8a2d-4a54-9c0e-3b5a1f0d2c11";
    const strange = checkpointAt4({ fleet }, seedSigner("stranger"));
    const later = { ...strange, seq: 8 };

    const first = verdict(replaced(4, strange));

    expect(first).toMatchObject({ seq: 4, how: "foreign" });
    expect(JSON.stringify(first)).toContain(`names fleet ${fleet}`);
    expect(verdict(replaced(8, later))).toMatchObject({ seq: 8, how: "forged" });
  });

  test("F59: of a release key's is no checkpoint: types are part of what is signed", () => {
    const wrongKey = checkpointAt4({}, fleetKeys.release);

    expect(verdict(replaced(4, wrongKey))).toMatchObject({ how: "forged" });
  });

  test("F59: removed from between others is missed by the next", () => {
    expect(verdict(without(isAt(4, "checkpoint")))).toMatchObject({ seq: 8, how: "removed" });
  });

  test("F59: that says it is the first, and is not, is found", () => {
    const envelope = signCheckpoint({ seq: 8, hash: events[7]?.hash, previous: null });
    const again = { kind: "checkpoint", seq: 8, envelope: encodeBase64(envelope) } as const;

    expect(verdict(replaced(8, again))).toMatchObject({ seq: 8, how: "removed" });
  });

  test("F59: out of its place is found", () => {
    const late = [...without(isAt(4, "checkpoint")).slice(0, 6), checkpointAt4({})];

    expect(verdict(late)).toMatchObject({ seq: 4, how: "reordered" });
  });
});

describe("a checkpoint is due", () => {
  const hourMs = 3_600_000;
  const facts = { seq: 105, coveredSeq: 100, coveredAtMs: 0, nowMs: hourMs - 1 };

  test("after a hundred new entries", () => {
    expect(isCheckpointDue({ ...facts, seq: 199 })).toBe(false);
    expect(isCheckpointDue({ ...facts, seq: 200 })).toBe(true);
  });

  test("after an hour with something new, and not without", () => {
    expect(isCheckpointDue(facts)).toBe(false);
    expect(isCheckpointDue({ ...facts, nowMs: hourMs })).toBe(true);
    expect(isCheckpointDue({ ...facts, seq: 100, nowMs: hourMs })).toBe(false);
  });
});
