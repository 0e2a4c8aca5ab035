import { captureLimits, mainSlot } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../../../agent/src/domain/store-error.ts";
import { captureRig, captureStartMs, consentedRig } from "../../../support/agent/capture-rig.ts";
import { classifier } from "../../../support/agent/label-rig.ts";
import { rows } from "../../../support/telemetry/observations.ts";

const any = { policies: "any" } as const;
const dayMs = 86_400_000;

describe("T30: capture never starts", () => {
  test("without the consent of the device", async () => {
    await using rig = captureRig();
    await rig.settle();
    rig.answer();
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
    expect(rig.keeper.status()).toEqual({ consent: null, kept: 0, dropped: 0, files: 0 });
  });

  test("without a policy in the signed release", async () => {
    await using rig = await consentedRig();
    const { release, document } = classifier();
    const outputs = [rows("y", [[1, 0, 0]])];
    rig.keeper.observe({ slot: mainSlot, staged: { release, document }, inputs: [], outputs });
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
  });

  test("under another policy than those that are allowed", async () => {
    await using rig = captureRig();
    await rig.settle();
    rig.store.consented = { policies: ["retrain-2", "retrai"] };
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();
    rig.answer();
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
  });

  test("for a request that was not answered", async () => {
    await using rig = await consentedRig();
    const { staged } = rig;
    rig.keeper.observe({ slot: mainSlot, staged, inputs: [rows("x", [[1]])], outputs: undefined });
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
  });

  test("while it cannot be read whether the device consents", async () => {
    await using rig = await consentedRig();
    rig.answer();
    await rig.settle();
    rig.store.fault = new StoreError("STORE_FAILED", "the disk is broken");
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();
    rig.answer();
    await rig.settle();

    expect(rig.keeper.status()).toMatchObject({ consent: null, kept: 1 });
    expect(rig.store.files.size).toBe(1);
  });
});

test("T30: with policy and consent a request is kept whole, sealed, without what the policy leaves out", async () => {
  await using rig = await consentedRig({ redact: ["face"] });
  rig.answer();
  await rig.settle();

  expect([...rig.store.files.keys()]).toEqual([
    expect.stringMatching(new RegExp(`^retrain/${captureStartMs + captureLimits.lookMs}-3600000-`)),
  ]);
  const [capture] = rig.opened();
  expect(capture?.header).toMatchObject({
    ...{ policy: "retrain", strategy: "random", device: "cam-0017", slot: "main", id: "part 7" },
    ...{ release: rig.staged.release, model: "bearing", version: "1.0.0", redacted: ["face"] },
    tensors: [
      { role: "input", name: "x", dtype: "float32", shape: [1, 2] },
      { role: "output", name: "y", dtype: "float32", shape: [1, 3] },
    ],
  });
  expect(capture?.tensors.map((one) => [...new Float32Array(Uint8Array.from(one).buffer)])).toEqual(
    [
      [1, 2],
      [Math.fround(0.8), Math.fround(0.1), Math.fround(0.1)],
    ],
  );
  const [file = new Uint8Array()] = rig.store.files.values();
  for (const text of ["part 7", "cam-0017", "bearing"]) {
    expect(Buffer.from(file).includes(text)).toBe(false);
  }
});

describe("T30: the consent", () => {
  test("that is withdrawn ends it, and what was kept is deleted", async () => {
    await using rig = await consentedRig();
    rig.answer();
    await rig.settle();
    expect(rig.store.files.size).toBe(1);

    rig.store.consented = null;
    let writes = 0;
    Object.assign(rig.store, {
      put: () => {
        writes += 1;
        return Promise.resolve();
      },
    });
    rig.answer();
    await rig.settle();
    expect(writes).toBe(0);
    expect(rig.keeper.status()).toMatchObject({ consent: null, dropped: 1 });
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
    expect(rig.events).toContainEqual({ event: "capture.withdrawn", removed: 1 });
  });

  test("that is withdrawn while a capture is being written leaves nothing behind", async () => {
    await using rig = await consentedRig();
    const { put } = rig.store;
    Object.assign(rig.store, {
      put: async (...given: Parameters<typeof put>) => {
        await put(...given);
        rig.store.consented = null;
      },
    });
    rig.answer();
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });
  });

  test("that is narrowed deletes what lies under other policies, and no more", async () => {
    await using rig = await consentedRig();
    rig.answer();
    await rig.settle();
    rig.store.files.set(`other/${captureStartMs}-3600000-00000000000000aa.mfcap`, Buffer.of(1));
    rig.store.consented = { policies: ["other"] };
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();

    expect([...rig.store.files.keys()]).toEqual([expect.stringMatching(/^other\//)]);
  });
});

describe("T30: the day's bytes", () => {
  /** Of one file as the rig answers. */
  async function fileBytes(): Promise<number> {
    await using rig = await consentedRig();
    rig.answer();
    await rig.settle();
    return [...rig.store.files.values()][0]?.length ?? 0;
  }

  test("hold to the byte: what fits is kept, one byte less is not", async () => {
    const bytes = await fileBytes();
    await using fits = await consentedRig({ bytesPerDayMax: 2 * bytes });
    await using short = await consentedRig({ bytesPerDayMax: 2 * bytes - 1 });
    for (const rig of [fits, short]) {
      for (let i = 0; i < 3; i++) rig.answer();
      await rig.settle();
    }

    expect(fits.keeper.status()).toMatchObject({ kept: 2, dropped: 1 });
    expect(short.keeper.status()).toMatchObject({ kept: 1, dropped: 2 });
  });

  test("begin anew with the day, survive a restart, and are no more for a clock that is set back", async () => {
    const bytes = await fileBytes();
    await using rig = await consentedRig({ bytesPerDayMax: bytes });
    rig.answer();
    await rig.settle();
    rig.set(-dayMs);
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 1, dropped: 1 });

    await using next = captureRig({ bytesPerDayMax: bytes });
    await next.settle();
    next.store.kept = rig.store.kept;
    next.store.consented = any;
    await next.clock.advance(captureLimits.lookMs);
    await next.settle();
    next.answer();
    await next.settle();
    expect(next.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });
    next.set(dayMs);
    next.answer();
    await next.settle();
    expect(next.keeper.status()).toMatchObject({ kept: 1 });
  });

  test("are over where the ledger is damaged, until the next day", async () => {
    await using rig = await consentedRig();
    rig.store.kept = null;
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });

    rig.set(dayMs);
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 1 });
  });

  test("that are spent cost no more than a look: the disk is asked nothing", async () => {
    await using rig = await consentedRig({ bytesPerDayMax: 1 });
    rig.answer();
    await rig.settle();
    let asked = 0;
    Object.assign(rig.store, {
      consent: () => {
        asked += 1;
        return Promise.resolve(any);
      },
    });
    for (let i = 0; i < 50; i++) rig.answer();
    await rig.settle();

    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 51 });
    expect(asked).toBe(0);
  });

  test("are spent before the capture is there, so that a power cut adds nothing to them", async () => {
    await using rig = await consentedRig();
    const seen: number[] = [];
    const { put } = rig.store;
    Object.assign(rig.store, {
      put: (...given: Parameters<typeof put>) => {
        seen.push(rig.store.kept?.bytes["retrain"] ?? 0);
        return put(...given);
      },
    });
    rig.answer();
    await rig.settle();

    expect(seen).toEqual([[...rig.store.files.values()][0]?.length]);
  });
});

describe("T30: the time", () => {
  test("of a capture ends to the millisecond, whatever its release says by then", async () => {
    await using rig = await consentedRig({ keepMs: captureLimits.sweepMs });
    const { store } = rig;
    const nowMs = captureStartMs + captureLimits.lookMs + captureLimits.sweepMs;
    const fileOf = (agedMs: number) => `gone/${nowMs - agedMs}-7200000-00000000000000aa.mfcap`;
    store.files.set(fileOf(7_200_000 - 1), Buffer.of(1));
    store.files.set(fileOf(7_200_000), Buffer.of(1));
    store.files.set(fileOf(-7_200_000), Buffer.of(1));
    await rig.clock.advance(captureLimits.sweepMs);
    await rig.settle();

    expect([...store.files.keys()]).toEqual([fileOf(7_200_000 - 1)]);
  });
});
