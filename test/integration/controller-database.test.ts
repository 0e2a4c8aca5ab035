import { stat } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "../../controller/src/adapters/sql/open-database.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import { refused } from "../support/controller/refused.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const claim = {
  ...{ id: "c0ffee00", secret: "s", class: "cam-v2", uses: 1, used: 0 },
  ...{ createdAtMs: 1, expiresAtMs: 100, labels: { site: "a" } },
  ...{ device: null, needsApproval: false, revokedAtMs: null },
};

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

describe("a database file", () => {
  test("keeps everything over a restart, and is brought up to date only once", async () => {
    const first = await openDatabase(folder.inside("fleet.db"));
    await first.fleet.addClaim(claim, auditEntry());
    await first[Symbol.asyncDispose]();

    await using second = await openDatabase(folder.inside("fleet.db"));

    expect(await second.fleet.claims()).toEqual([claim]);
    await second.ping();
  });

  test("is read by its owner alone, since it holds claim secrets", async () => {
    await using stores = await openDatabase(folder.inside("fleet.db"));
    await stores.ping();

    expect((await stat(folder.inside("fleet.db"))).mode & 0o777).toBe(0o600);
  });

  test("of another controller is refused, naming the way out", async () => {
    await using first = await openDatabase(folder.inside("fleet.db"));
    await first.ping();

    const second = await refused(openDatabase(folder.inside("fleet.db")));

    expect(second.code).toBe("STORE_FAILED");
    expect(second.message).toContain("in use by another controller");
  });

  test("in a folder that is not there is refused", async () => {
    expect((await refused(openDatabase(folder.inside("no", "fleet.db")))).code).toBe(
      "STORE_FAILED",
    );
  });
});
