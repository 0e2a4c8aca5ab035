import { writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { storeError } from "../../../../controller/src/adapters/blob-folder/store-error.ts";
import { openNodeSqlite } from "../../../../controller/src/adapters/sql/node-sqlite.ts";
import { StoreError } from "../../../../controller/src/domain/errors.ts";

function thrownBy(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a full disk", () => {
  test("under the blobs is named, with the way out", async () => {
    await using full = await open("/dev/full", "w");
    const error = thrownBy(() => writeSync(full.fd, Buffer.alloc(10)));

    const told = storeError(error, "/data/blobs");

    expect(told).toBeInstanceOf(StoreError);
    expect(told).toMatchObject({ code: "NO_SPACE", cause: error });
    expect(String(told)).toContain("the disk of /data/blobs is full: free space");
  });

  test("under the database is named, and what was there is still read", () => {
    const database = openNodeSqlite(":memory:");
    database.prepare("create table t (x text)").run([]);
    database.prepare("insert into t values ('first')").run([]);
    database.prepare("pragma max_page_count = 4").all([]);

    const insert = database.prepare("insert into t values (?)");
    const error = thrownBy(() => insert.run(["x".repeat(100_000)]));

    expect(error).toMatchObject({ code: "NO_SPACE" });
    expect(database.prepare("select x from t").all([])).toEqual([{ x: "first" }]);
    database.close();
  });
});

describe("a mistake of ours is not dressed up as a failing disk:", () => {
  test("a wrong statement", () => {
    const database = openNodeSqlite(":memory:");

    expect(thrownBy(() => database.prepare("select from"))).not.toBeInstanceOf(StoreError);
    database.close();
  });

  test("a wrong type", () => {
    const mistake = new TypeError("no function");

    expect(storeError(mistake, "/data")).toBe(mistake);
  });
});
