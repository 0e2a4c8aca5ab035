import { captureLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../../../agent/src/domain/store-error.ts";
import { consentedRig } from "../../../support/agent/capture-rig.ts";
import { seededRandom } from "../../../support/random.ts";

describe("a strategy", () => {
  test("`random` keeps its share", async () => {
    const random = seededRandom(30);
    await using rig = await consentedRig({ level: 0.25 }, { chance: random.next });
    for (let i = 0; i < 400; i++) {
      rig.answer();
      await rig.settle();
    }

    const { kept, dropped } = rig.keeper.status();
    // Four standard deviations of a binomial around 100.
    expect(Math.abs(kept - 100), `seed 30, ${kept}`).toBeLessThanOrEqual(35);
    expect(dropped).toBe(0);
  });

  const sure = [0.8, 0.1, 0.1];
  const unsure = [0.5, 0.375, 0.125];
  test.each([
    ["low-confidence", 0.5, unsure, 0],
    ["low-confidence", 0.51, unsure, 1],
    ["low-confidence", 0.51, sure, 0],
    ["margin", 0.125, unsure, 0],
    ["margin", 0.126, unsure, 1],
    ["margin", 0.126, sure, 0],
    ["margin", 1, [Number.NaN, 0.1, 0.1], 0],
    ["margin", 1, [0.5, 0.5], 0],
  ] as const)("`%s` below %f, at %j, keeps %i", async (strategy, level, row, kept) => {
    await using rig = await consentedRig({ strategy, level });
    rig.answer([row]);
    await rig.settle();

    expect(rig.keeper.status().kept).toBe(kept);
  });

  test("that looks at rows keeps a request with one such row, and none of a release without classes", async () => {
    await using rig = await consentedRig({ strategy: "margin", level: 0.2 });
    rig.answer([sure, unsure, sure]);
    await rig.settle();
    await using plain = await consentedRig({ strategy: "margin", level: 0.2 }, { profile: [] });
    plain.answer([unsure]);
    await plain.settle();

    expect([rig, plain].map(({ keeper }) => keeper.status().kept)).toEqual([1, 0]);
  });

  test("`drift` keeps only while a detector says so", async () => {
    await using rig = await consentedRig({ strategy: "drift" });
    for (const does of [false, true, false]) {
      rig.drifts(does);
      rig.answer();
      await rig.settle();
    }

    expect(rig.keeper.status()).toMatchObject({ kept: 1, dropped: 0 });
  });
});

describe("an answer never waits:", () => {
  test("what finds the line full is passed over and counted", async () => {
    await using rig = await consentedRig();
    for (let i = 0; i < captureLimits.pendingMax + 5; i++) rig.answer();

    expect(rig.store.files.size).toBe(0);
    await rig.settle();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: captureLimits.pendingMax, dropped: 5 });
  });

  test("what is larger than a record may be is passed over, one byte less is kept", async () => {
    await using rig = await consentedRig({ bytesPerDayMax: captureLimits.bytesPerDayMax });
    const large = (bytes: number) => {
      const x = new Uint8Array(bytes - 12);
      return [{ name: "x", dtype: "uint8", shape: [1, x.length], bytes: x }] as const;
    };
    rig.answer(undefined, large(captureLimits.recordBytesMax + 1));
    for (let i = 0; i < 10; i++) await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });
    rig.answer(undefined, large(captureLimits.recordBytesMax));
    for (let i = 0; i < 10; i++) await rig.settle();

    expect(rig.keeper.status()).toMatchObject({ kept: 1, dropped: 1 });
  });

  test.each([
    ["is full", new StoreError("NO_SPACE", "the disk is full")],
    ["is broken", new StoreError("STORE_FAILED", "EIO")],
  ])("a disk that %s is not asked again at once", async (_, fault) => {
    await using rig = await consentedRig();
    rig.store.fault = fault;
    rig.answer();
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 2 });
    expect(rig.events).toContainEqual(
      expect.objectContaining({ event: "capture.paused", reason: fault.message }),
    );

    rig.store.fault = undefined;
    await rig.clock.advance(captureLimits.diskPauseMs - 1);
    await rig.settle();
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 3 });
    await rig.clock.advance(captureLimits.lookMs);
    await rig.settle();
    rig.answer();
    await rig.settle();
    expect(rig.keeper.status()).toMatchObject({ kept: 1, dropped: 3 });
  });

  test("what is a small piece of a large body holds no more than itself while it waits", async () => {
    await using rig = await consentedRig({ redact: ["image"] });
    const body = Buffer.alloc(1024 * 1024);
    const piece = (name: string, from: number, to: number) =>
      ({ name, dtype: "uint8", shape: [1, to - from], bytes: body.subarray(from, to) }) as const;
    rig.answer(undefined, [
      piece("image", 0, body.length - 4),
      piece("x", body.length - 4, body.length),
    ]);
    // Whoever reads into the same memory later changes nothing that was kept.
    body.fill(7);
    await rig.settle();

    const [capture] = rig.opened();
    expect(capture?.header.redacted).toEqual(["image"]);
    expect([...(capture?.tensors[0] ?? [])]).toEqual([0, 0, 0, 0]);
  });

  test("the last of the disk is left to the store", async () => {
    await using rig = await consentedRig();
    rig.store.free = captureLimits.freeBytesMin;
    rig.answer();
    await rig.settle();

    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });
    expect(rig.events).toContainEqual(expect.objectContaining({ event: "capture.paused" }));
  });

  test.each([
    ["31 bytes", Buffer.alloc(31, 9).toString("base64")],
    ["33 bytes", Buffer.alloc(33, 9).toString("base64")],
    ["a point of small order", Buffer.alloc(32).toString("base64")],
  ])("a policy whose recipient is %s keeps nothing, and ends nobody", async (_, recipient) => {
    await using rig = await consentedRig({ recipient });
    rig.answer();
    await rig.settle();

    expect(rig.store.files.size).toBe(0);
    expect(rig.keeper.status()).toMatchObject({ kept: 0, dropped: 1 });
  });
});
