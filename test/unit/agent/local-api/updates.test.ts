import { Sha256, updateLockLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DeviceLock } from "../../../../agent/src/app/install/device-lock.ts";
import { SwapDeferrals } from "../../../../agent/src/app/install/swap-deferrals.ts";
import { StoreError } from "../../../../agent/src/domain/store-error.ts";
import type { UpdateLock } from "../../../../agent/src/ports/update-lock.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";

const lockPath = "/v2/modelfleet/lock";
const denyPath = "/v2/modelfleet/slots/main/deny";
const release = Sha256.parse("2".repeat(64));
const quiet = () => undefined;
const log = { info: quiet, warn: quiet, error: quiet };

let disk: { lock: UpdateLock | null; isBroken: boolean; changes: number };
let holds: SwapDeferrals;
let fixture: ApiFixture;
beforeEach(async () => {
  disk = { lock: null, isBroken: false, changes: 0 };
  const keep = (lock: UpdateLock | null) => {
    if (disk.isBroken) return Promise.reject(new StoreError("STORE_FAILED", "got EROFS"));
    disk.lock = lock;
    return Promise.resolve();
  };
  const store = { read: () => Promise.resolve(disk.lock), keep, remove: () => keep(null) };
  const changed = () => {
    disk.changes += 1;
  };
  const locks = new DeviceLock({ store, clock: { nowMs: () => 9_000 }, log, changed }, null);
  holds = new SwapDeferrals({ clock: { monotonicMs: () => 0 }, log, decided: quiet });
  fixture = await apiFixture({ holds, locks, hasSlot: (slot) => slot === "main" });
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

const lock = (method: string, body?: object | Buffer) =>
  fixture.ask({ path: lockPath, method, ...(body === undefined ? {} : { body }) });

describe("the update lock", () => {
  test("is put on with a reason, told, and taken off", async () => {
    const said = await lock("PUT", { reason: "measuring" });
    const asked = await lock("GET");
    const kept = disk.lock;
    const off = await lock("DELETE");

    expect([said.status, said.json()]).toEqual([
      200,
      { lock: { reason: "measuring", sinceMs: 9_000 } },
    ]);
    expect(asked.json()).toEqual(said.json());
    expect(kept).toEqual({ reason: "measuring", sinceMs: 9_000 });
    expect([off.status, off.json(), disk.lock]).toEqual([200, { lock: null }, null]);
    expect(disk.changes).toBe(2);
  });

  test("needs no reason, and no lock to be taken off", async () => {
    expect((await lock("PUT")).json()).toEqual({ lock: { reason: "", sinceMs: 9_000 } });
    expect((await lock("DELETE")).status).toBe(200);
    expect((await lock("DELETE")).status).toBe(200);
  });

  test.each([
    ["the longest reason", "r".repeat(updateLockLimits.reasonLengthMax), 200],
    ["one that is longer", "r".repeat(updateLockLimits.reasonLengthMax + 1), 400],
    ["a number for a reason", 7, 400],
  ])("%s is answered with its status", async (_, reason, status) => {
    expect((await lock("PUT", { reason })).status).toBe(status);
    expect(disk.lock === null).toBe(status !== 200);
  });

  test("a body that is no JSON object, and another method, are refused", async () => {
    expect((await lock("PUT", Buffer.from("["))).status).toBe(400);
    expect((await lock("PUT", ["measuring"])).status).toBe(400);
    expect((await lock("POST", { reason: "measuring" })).status).toBe(405);
    expect(disk.lock).toBeNull();
  });

  test("does not count before it is on disk, and stays when it cannot be removed", async () => {
    disk.isBroken = true;
    const refused = await lock("PUT");
    disk.isBroken = false;
    await lock("PUT");
    disk.isBroken = true;
    const stays = await lock("DELETE");

    expect([refused.status, stays.status]).toEqual([503, 503]);
    expect(refused.headers["modelfleet-error"]).toBe("STORE");
    expect((await lock("GET")).json()).toMatchObject({ lock: { sinceMs: 9_000 } });
  });
});

describe("a denial", () => {
  const deny = (body: object, path = denyPath) => fixture.ask({ path, body });

  test("of the release that waits is answered when it is refused", async () => {
    holds.judge("main" as never, { release, attempt: 1, boundMs: 5, isHeldUp: false });
    const asked = deny({ release, reason: "not now" });
    await expect.poll(() => holds.denied("main" as never, release)?.reason).toBe("not now");

    holds.refused("main" as never);

    const reply = await asked;
    expect([reply.status, reply.json()]).toEqual([
      200,
      { slot: "main", deferredMs: 0, waiting: null },
    ]);
  });

  test.each([
    ["a release that does not wait", { release: "3".repeat(64) }, 404],
    ["no release", {}, 400],
    ["what is no digest", { release: "2" }, 400],
    ["too long a reason", { release, reason: "r".repeat(257) }, 400],
  ])("of %s is refused", async (_, body, status) => {
    holds.judge("main" as never, { release, attempt: 1, boundMs: 5, isHeldUp: false });

    expect((await deny(body)).status).toBe(status);
    expect(holds.denied("main" as never, release)).toBeNull();
  });

  test("that comes too late says so", async () => {
    holds.judge("main" as never, { release, attempt: 1, boundMs: 5, isHeldUp: false });
    const asked = deny({ release });
    await expect.poll(() => holds.denied("main" as never, release)).not.toBeNull();

    holds.ended("main" as never);

    const reply = await asked;
    expect(reply.status).toBe(404);
    expect(reply.json()).toMatchObject({
      error: expect.stringContaining("not any more") as string,
    });
  });

  test("for a slot the device does not have, or by another method, is refused", async () => {
    expect((await deny({ release }, "/v2/modelfleet/slots/side/deny")).status).toBe(404);
    expect((await fixture.ask({ path: denyPath })).status).toBe(405);
  });
});
