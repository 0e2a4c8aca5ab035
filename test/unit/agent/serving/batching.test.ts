import { runnerLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { rowSums, batchRig as setUp } from "../../../support/agent/batch-rig.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatsOf, floatTensor } from "../../../support/agent/floats.ts";
import { settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");

describe("a model that takes batches", () => {
  test("is asked as one what came while it was busy, and everybody gets their own rows", async () => {
    const { ask, askRows, work, sizes, proven, router } = await setUp({ rowsMax: 16 });
    await proven();

    const first = ask(10);
    await settled();
    const rest = [
      ask(20),
      askRows([
        [1, 2],
        [3, 4],
      ]),
      ask(30),
    ];
    expect(sizes()).toEqual([1]);
    await work();
    expect(sizes()).toEqual([4]);
    await work();

    expect(await first).toEqual([11]);
    expect(await Promise.all(rest)).toEqual([[21], [3, 7], [31]]);
    expect(router.counts(slot)).toMatchObject({
      batches: 2,
      batchedRows: 6,
      // Five to prove that batches are right, one alone, and the four.
      rows: 10,
      waiting: 0,
      running: 0,
    });
  });

  test("is asked no more rows at once than its release allows, and a full batch without waiting", async () => {
    const { ask, askRows, work, sizes, proven } = await setUp({ rowsMax: 4 });
    await proven();

    const first = ask(0);
    await settled();
    const all = [
      first,
      ask(1),
      ask(2),
      askRows([
        [3, 1],
        [4, 1],
      ]),
      ask(5),
      ask(6),
      ask(7),
    ];
    // One alone, then the four that can be full while it runs, the two of the third not between.
    expect(sizes()).toEqual([1, 4]);
    await work();
    expect(sizes()).toEqual([3]);
    await work();

    expect(await Promise.all(all)).toEqual([[1], [2], [3], [4, 5], [6], [7], [8]]);
  });

  test("is asked alone what cannot be joined: other shapes, other outputs, more rows than a batch has", async () => {
    const { ask, askRows, work, sizes, proven } = await setUp({ rowsMax: 2 });
    await proven();
    const busy = ask(0);

    const large = askRows([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    const picky = ask(4, { outputs: ["y"] });
    for (let i = 0; i < 3; i++) await work();

    expect(sizes()).toEqual([]);
    expect(await Promise.all([busy, large, picky])).toEqual([[1], [2, 3, 4], [5]]);
  });

  test("waits for others as long as its release says, and no longer", async () => {
    const { clock, ask, work, sizes, proven } = await setUp({ rowsMax: 16, delayUsMax: 5_000 });
    const warm = proven();
    for (let i = 0; i < 8; i++) await clock.advance(5);
    await warm;

    const all = [ask(1), ask(2)];
    await clock.advance(4);
    all.push(ask(3));
    expect(sizes()).toEqual([]);
    await clock.advance(1);
    expect(sizes()).toEqual([3]);
    await work();

    expect(await Promise.all(all)).toEqual([[2], [3], [4]]);
  });

  test("is not asked more at once than it does in half its time limit", async () => {
    const { clock, model, ask, work, sizes } = await setUp({ rowsMax: 64 });
    const { inferMs } = model.staged.document.limits;
    const first = ask(0);
    await settled();
    const rest = Array.from({ length: 30 }, (_, i) => ask(i));
    // A tenth of the limit for one row: five are half of it.
    await clock.advance(inferMs / 10);

    await work();

    expect(sizes()).toEqual([5]);
    for (let i = 0; i < 40; i++) await work();
    expect(await first).toEqual([1]);
    expect(await Promise.all(rest)).toEqual(rest.map((_, i) => [i + 1]));
  });
});

describe("a batch", () => {
  test("that fails is asked again one by one: only the bad request fails", async () => {
    const { model, ask, work, proven } = await setUp({ rowsMax: 16 });
    await proven();
    const busy = ask(0);
    await settled();
    const all = [ask(1), ask(2), ask(3)].map((one) => one.catch((error: unknown) => error));
    await work();

    model.waiting.splice(0)[0]?.fail(new InferError("RUN_FAILED", "one of them is bad"));
    await settled();
    model.waiting.splice(0, 1)[0]?.answer();
    await settled();
    model.waiting.splice(0, 1)[0]?.fail(new InferError("RUN_FAILED", "this one"));
    await settled();
    await work();

    expect(await busy).toEqual([1]);
    expect(await Promise.all(all)).toEqual([
      [2],
      expect.objectContaining({ message: "this one" }),
      [4],
    ]);
  });

  test("that ends its runner is asked of the next one, each alone, and once", async () => {
    const { router, model, ask, work, sizes, proven } = await setUp({ rowsMax: 16 });
    await proven();
    const busy = ask(0);
    await settled();
    const all = [ask(1), ask(2)];
    await work();
    await busy;
    expect(sizes()).toEqual([2]);

    model.crash();
    const next = fakeModel({
      version: "2.0.0",
      says: rowSums,
      serving: { batch: { rowsMax: 16 } },
    });
    await router.activate(slot, next);

    expect(await Promise.all(all)).toEqual([[2], [3]]);
    expect(router.counts(slot)?.batches).toBe(2);
  });

  test("answers each of its requests at that one's deadline", async () => {
    const { clock, router, ask, work, proven } = await setUp({ rowsMax: 16 });
    await proven();
    const busy = ask(0);
    const [hasty, patient] = [ask(1, { timeoutMs: 100 }), ask(2)];
    const late = expect(hasty).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await work();

    await clock.advance(100);

    await late;
    expect(router.counts(slot)?.expired).toBe(0);
    await work();
    expect(await Promise.all([busy, patient])).toEqual([[1], [3]]);
  });

  test("of an output that does not have its rows ends batching for that release, for good, with a reason", async () => {
    const mean = (inputs: readonly Tensor[]) => {
      const sums = rowSums(inputs).flatMap(floatsOf);
      return [floatTensor("y", [1, 1], [sums.reduce((a, b) => a + b, 0) / sums.length])];
    };
    const { router, model, ask, work, reasons } = await setUp({ rowsMax: 16 }, { says: mean });
    const all = [ask(1), ask(2), ask(3)];

    for (let i = 0; i < 5; i++) await work();
    await router.activate(slot, model);
    const after = [ask(4), ask(5), ask(6)];
    for (let i = 0; i < 5; i++) await work();

    expect(await Promise.all([...all, ...after])).toEqual([[2], [3], [4], [5], [6], [7]]);
    expect(reasons).toEqual([expect.stringContaining("output y: expected 2 rows")]);
    expect(router.counts(slot)?.batches).toBe(1);
  });

  test("in which rows look at each other is found out before anybody gets an answer of it", async () => {
    // Of as many rows as it is given, but each less the mean of all.
    const centred = (inputs: readonly Tensor[]) =>
      rowSums(inputs).map((sums) => {
        const values = floatsOf(sums);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        return floatTensor(
          "y",
          sums.shape,
          values.map((value) => value - mean),
        );
      });
    const { ask, work, reasons } = await setUp({ rowsMax: 16 }, { says: centred });

    const all = Array.from({ length: 9 }, (_, i) => ask(i));
    for (let i = 0; i < 12; i++) await work();

    expect(await Promise.all(all)).toEqual(all.map(() => [0]));
    expect(reasons).toEqual([expect.stringContaining("alone and in a batch")]);
  });
});

describe("a release is asked one request at a time", () => {
  test.each([
    ["input", { inputs: [{ name: "x", dtype: "float32" as const, shape: [1, 2] }] }],
    ["output", { outputs: [{ name: "y", dtype: "float32" as const, shape: [1, 1] }] }],
  ])("when the first dimension of an %s is fixed, with a reason", async (_, changes) => {
    const { ask, work, sizes, reasons } = await setUp({ rowsMax: 16 }, changes);
    const all = [ask(1), ask(2), ask(3)];

    expect(sizes()).toEqual(Array.from({ length: runnerLimits.pipelinedMax }, () => 1));

    for (let i = 0; i < 3; i++) await work();
    expect(await Promise.all(all)).toEqual([[2], [3], [4]]);
    expect(reasons).toEqual([expect.stringContaining("expected a free first dimension")]);
  });

  test("when it does not ask for batches", async () => {
    const { ask, work, sizes, reasons } = await setUp({ rowsMax: 16 }, { serving: {} });
    const all = Array.from({ length: 8 }, (_, i) => ask(i));

    for (let i = 0; i < 6; i++) {
      expect(sizes().every((size) => size === 1)).toBe(true);
      await work();
    }

    expect(await Promise.all(all)).toEqual(all.map((_, i) => [i + 1]));
    expect(reasons).toEqual([]);
  });
});
