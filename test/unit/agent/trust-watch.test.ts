import { busLimits, documentLimits, Sha256, type TrustCondition } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { TrustWatch } from "../../../agent/src/app/trust-watch.ts";
import { StoreError } from "../../../agent/src/domain/store-error.ts";
import { manualClock, settled } from "../../support/agent/manual-clock.ts";

const sha = (digit: number) => Sha256.parse(String(digit % 10).repeat(64));

async function setUp() {
  const manual = manualClock();
  const clock = {
    ...manual,
    nowMs: () => 0,
    chance: () => 0,
    randomBytes: () => new Uint8Array(),
  };
  const events: string[] = [];
  const note = ({ event }: { readonly event: string }) => void events.push(event);
  const watch = new TrustWatch(clock, { info: note, warn: note, error: note });
  const reports: TrustCondition[] = [];
  const stop = new AbortController();
  const disk = { isBroken: false };
  const done = watch.run(() => {
    if (disk.isBroken) return Promise.reject(new StoreError("NO_SPACE", "planned"));
    reports.push(watch.condition());
    return Promise.resolve();
  }, stop.signal);
  await settled();
  const end = async () => {
    stop.abort();
    await done;
  };
  return { watch, events, reports, disk, advance: manual.advance, [Symbol.asyncDispose]: end };
}

test("F22: a device is stale after 14 days of uptime to the millisecond, says so once, and is fresh by an answer of its own", async () => {
  await using on = await setUp();

  await on.advance(documentLimits.freshForMs - 1);
  const justBefore = on.watch.condition();
  await on.advance(1);
  await on.advance(16 * 86_400_000);
  const later = on.watch.condition();
  on.watch.fresh();

  expect(documentLimits.freshForMs).toBe(14 * 86_400_000);
  expect(justBefore).toEqual({});
  expect(on.reports).toEqual([{ stale: true }]);
  expect(later).toEqual({ stale: true });
  expect(on.watch.condition()).toEqual({});
  expect(on.events).toEqual(["trust.stale", "trust.fresh"]);
});

test("an answer in time puts the moment off", async () => {
  await using on = await setUp();
  await on.advance(documentLimits.freshForMs - 1);

  on.watch.fresh();
  await on.advance(documentLimits.freshForMs - 1);

  expect(on.watch.isStale()).toBe(false);
  expect(on.events).toEqual([]);
});

test("refusals are reported at once, then at most once a minute, and the newest is the one that is told", async () => {
  await using on = await setUp();
  for (let turn = 1; turn <= 100; turn += 1) {
    on.watch.refused({ code: "SIGNATURE", sha256: sha(turn) });
    await settled();
  }
  const atOnce = on.reports.length;

  await on.advance(busLimits.refusalReportPauseMsMin - 1);
  const before = on.reports.length;
  await on.advance(1);

  expect([atOnce, before]).toEqual([1, 1]);
  expect(on.reports).toEqual([
    { lastRefusal: { code: "SIGNATURE", sha256: sha(1) } },
    { lastRefusal: { code: "SIGNATURE", sha256: sha(100) } },
  ]);
});

test.each([
  "ROLLBACK",
  "NOT_FRESH",
] as const)("%s is told with the next message and makes none of its own", async (code) => {
  await using on = await setUp();

  on.watch.refused({ code, sha256: sha(1) });
  await on.advance(busLimits.refusalReportPauseMsMin);

  expect(on.reports).toEqual([]);
  expect(on.watch.condition()).toEqual({ lastRefusal: { code, sha256: sha(1) } });
});

test("a full disk does not stop the watch", async () => {
  await using on = await setUp();
  on.disk.isBroken = true;
  on.watch.refused({ code: "SIGNATURE", sha256: sha(1) });
  await settled();
  on.disk.isBroken = false;

  on.watch.refused({ code: "EXPIRED", sha256: sha(2) });
  await on.advance(busLimits.refusalReportPauseMsMin);

  expect(on.events).toEqual(["report.failed"]);
  expect(on.reports).toEqual([{ lastRefusal: { code: "EXPIRED", sha256: sha(2) } }]);
});
