import {
  digest8,
  mainSlot,
  type ReferenceProfile,
  ReleaseDocument,
  Sha256,
  type TelemetryWindow,
  telemetryLimits,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { StateRecord } from "../../../../agent/src/app/install/state-record.ts";
import { TelemetrySpool } from "../../../../agent/src/app/telemetry-spool.ts";
import { manualClock } from "../../../support/agent/manual-clock.ts";
import { rows } from "../../../support/telemetry/observations.ts";
import { referenceWithQuantiles } from "../../../support/telemetry/quantile-windows.ts";
import { dayStartMs, profileDigest, referenceOf } from "../../../support/telemetry/windows.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

const quarterMs = 900_000;
const minuteMs = 60_000;
const old = Sha256.parse("01".repeat(32));
const next = Sha256.parse("02".repeat(32));

test("T28: a model update in the middle of a window gives two windows, never mixed, each with its own profile", async () => {
  const { spool, windows, at } = await measuring({});
  for (let minute = 0; minute < 6; minute++) at(old, minute, minute);
  for (let minute = 6; minute < 14; minute++) at(next, minute, minute);
  // A request that the release before had begun is told of that one.
  at(old, 14, 14);
  await finished(spool);

  const ofRelease = (release: Sha256) =>
    windows.filter((window) => window.release === digest8(release));
  expect(ofRelease(old).map(({ requests }) => requests)).toEqual([6, 1]);
  expect(ofRelease(next).map(({ requests }) => requests)).toEqual([8]);
  expect(ofRelease(old).map(({ startMs }) => startMs - dayStartMs)).toEqual([0, 6 * minuteMs]);
  expect(windows.map(({ items }) => items).reduce((sum, items) => sum + items, 0)).toBe(15);
  expect(windows.every((window) => window.profile === digest8(profileDigest))).toBe(true);
  // What the old one saw lies below 6, what the new one saw at 6 and above.
  expect(ofRelease(old)[0]?.features[0]?.max).toBe(5);
  expect(ofRelease(next)[0]?.features[0]).toMatchObject({ min: 6, max: 13 });
});

test("T30: what a signed release says about privacy decides what its windows tell, and the day's account is kept", async () => {
  const strict = await measuring({ privacy: "strict" });
  const noised = await measuring({ epsilon: 0.5 });
  const open = await measuring({});
  for (const { at, spool } of [strict, noised, open]) {
    at(old, 0, 0.7);
    await finished(spool);
  }

  expect(strict.windows[0]).toMatchObject({ epsilon: null, features: [{ min: null, max: null }] });
  expect(noised.windows[0]).toMatchObject({ epsilon: 0.5, features: [{ min: null, max: null }] });
  expect(open.windows[0]).toMatchObject({ epsilon: null, features: [{ max: Math.fround(0.7) }] });
  // One feature, and an output's classes and confidence.
  const spent = { dayStartMs, epsilon: 1.5, windows: 1 };
  expect(noised.spool.privacySpent()).toEqual(spent);
  expect(open.spool.privacySpent()).toBeNull();
});

test("quantiles that a profile asks for are told, and not under strict privacy", async () => {
  const open = await measuring({}, referenceWithQuantiles());
  const strict = await measuring({ privacy: "strict" }, referenceWithQuantiles());
  for (const { at, spool } of [open, strict]) {
    for (let minute = 0; minute < 10; minute++) at(old, minute, minute);
    await finished(spool);
  }

  const [, told] = open.windows[0]?.features ?? [];
  expect(unpackQuantiles(told?.quantiles ?? new Uint8Array(0))?.count).toBe(10);
  expect(strict.windows[0]?.features).toHaveLength(2);
  expect(strict.windows[0]?.features[1]).not.toHaveProperty("quantiles");
});

test("a release whose profile cannot be read is loaded and measured all the same, without sketches", async () => {
  const { spool, windows, at } = await measuring({}, () =>
    Promise.reject(new RangeError("expected at most 1 MiB")),
  );
  at(old, 0, 1);
  await finished(spool);

  expect(windows).toMatchObject([{ requests: 1, profile: null, items: 0, features: [] }]);
});

test("profiles of releases that are gone do not pile up, and one that is measured is kept", async () => {
  const { spool, at, prepare } = await measuring({});
  at(old, 0, 1);
  const later = Array.from({ length: 2 * telemetryLimits.profilesHeldMax }, (_, i) =>
    Sha256.parse((1_000 + i).toString(16).padStart(64, "0")),
  );
  for (const release of later) await prepare(release);

  const held = later.filter((release) => spool.tensorsOf(release).length > 0);
  expect(held).toEqual(later.slice(-(telemetryLimits.profilesHeldMax - 1)));
  expect(spool.tensorsOf(old)).not.toEqual([]);
});

async function measuring(
  drift: { readonly privacy?: "strict"; readonly epsilon?: number },
  reference: ReferenceProfile | (() => Promise<never>) = referenceOf(1),
) {
  const windows: TelemetryWindow[] = [];
  const clock = manualClock();
  let nowMs = dayStartMs;
  const spool = new TelemetrySpool({
    forwarder: {
      open: () => Promise.resolve(),
      add: (window) => windows.push(window),
      tell: () => undefined,
      step: () => Promise.resolve(),
    },
    record: { current: () => ({ timeFloorMs: 0 }) } as unknown as StateRecord,
    clock: {
      ...{ ...clock, nowMs: () => nowMs, chance: () => 0 },
      randomBytes: (length) => new Uint8Array(length).fill(0x5a),
    },
    log: { info: none, warn: none, error: none },
    windowMs: quarterMs,
    readJson: () => (typeof reference === "function" ? reference() : Promise.resolve(reference)),
  });
  const document = profiled(drift);
  const files = new Map([["profile.json", "/profile.json"]]);
  const prepare = (release: Sha256) => spool.prepare({ release, document, files });
  for (const release of [old, next]) await prepare(release);
  const answer = Array.from({ length: 10 }, (_, i) => (i === 3 ? 0.9 : 0));
  return {
    ...{ spool, windows, prepare },
    at: (release: Sha256, minute: number, value: number) => {
      nowMs = dayStartMs + minute * minuteMs;
      const seen = { inputs: [rows("x", [[value, value]])], outputs: [rows("y", [answer])] };
      const staged = { release, document };
      spool.observe({ slot: mainSlot, staged, ...seen, latencyUs: 100 });
    },
  };
}

function profiled(drift: object): ReleaseDocument {
  const document = releaseDocument();
  const profile = { path: "profile.json", sha256: profileDigest, size: 10 };
  return ReleaseDocument.parse({
    ...document,
    files: [...document.files, profile],
    drift: { baseline: "profile.json", ...drift },
  });
}

/** What is open is closed. */
async function finished(spool: TelemetrySpool): Promise<void> {
  await spool.run(AbortSignal.abort());
}

function none(): void {
  // Nobody listens.
}
