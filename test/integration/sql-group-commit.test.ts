import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { appendAudit } from "../../controller/src/adapters/sql/append-audit.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import { type RolloutTables, rolloutTables } from "../support/controller/rollout-tables.ts";

let tables: RolloutTables;
let runs: string[];
beforeEach(async () => {
  tables = await rolloutTables();
  runs = [];
});
afterEach(() => tables[Symbol.asyncDispose]());

/** Appends an entry, and then fails if it is told to. */
const write = (name: string, failure?: Error) =>
  tables.commits.run(async (transaction) => {
    runs.push(name);
    await appendAudit(transaction, { ...auditEntry(), subject: name });
    if (failure !== undefined) throw failure;
    return name;
  });
const subjects = async () => (await tables.audit.page(0, 99)).events.slice(1).map((e) => e.subject);

describe("writes that share a commit", () => {
  test("are answered in order, and done once where none fails", async () => {
    expect(await Promise.all(["a", "b", "c"].map((name) => write(name)))).toEqual(["a", "b", "c"]);

    expect(runs).toEqual(["a", "b", "c"]);
    expect(await subjects()).toEqual(["a", "b", "c"]);
  });

  test("one that fails is undone alone, and the log stays an unbroken chain", async () => {
    const failure = new RangeError("no");
    const all = [write("a"), write("b", failure), write("c"), write("d"), write("e")];

    const outcomes = await Promise.allSettled(all);

    expect(outcomes.map(({ status }) => status)).toEqual([
      ...["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
    ]);
    expect(await subjects()).toEqual(["a", "c", "d", "e"]);
    const { events } = await tables.audit.page(0, 99);
    const hashes = events.map(({ hash }) => hash);
    expect(events.slice(1).map(({ previousHash }) => previousHash)).toEqual(hashes.slice(0, -1));
  });

  test("a disk that is full fails all of them, without trying each", async () => {
    const full = new StoreError("NO_SPACE", "full");

    const outcomes = await Promise.allSettled([write("a"), write("b", full), write("c")]);

    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(runs).toEqual(["a", "b"]);
    expect(await subjects()).toEqual([]);
  });

  test("go on after one that failed", async () => {
    await Promise.allSettled([write("a", new RangeError("no"))]);

    expect(await write("b")).toBe("b");
  });
});
