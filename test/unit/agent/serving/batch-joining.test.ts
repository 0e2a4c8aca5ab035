import { SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { batchRig } from "../../../support/agent/batch-rig.ts";
import { settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");

describe("a model that takes batches", () => {
  test("is asked as one what its callers ask when they were answered together", async () => {
    const { ask, work, sizes, proven } = await batchRig({ rowsMax: 16 });
    await proven();
    const again = async (value: number) => [...(await ask(value)), ...(await ask(value + 1))];

    const all = [1, 2, 3, 4].map(again);
    await settled();
    expect(sizes()).toEqual([4]);
    await work();
    expect(sizes()).toEqual([4]);
    await work();

    expect(await Promise.all(all)).toEqual([1, 2, 3, 4].map((value) => [value + 1, value + 2]));
  });

  test("is asked what fills its queue, though a batch is larger: nobody is refused while it is idle", async () => {
    const serving = {
      batch: { rowsMax: 16, delayUsMax: 5_000 },
      queue: { max: 2, policy: "reject" as const },
    };
    const { ask, work, router, clock } = await batchRig({ rowsMax: 16 }, { serving });

    const all = [ask(1), ask(2), ask(3)];
    await clock.advance(5);
    for (let i = 0; i < 4; i++) await work();

    expect(await Promise.all(all)).toEqual([[2], [3], [4]]);
    expect(router.counts(slot)).toMatchObject({ rejected: 0, requests: 3 });
  });

  test("is asked in batches again after newer requests put out those of the first batch", async () => {
    const serving = { batch: { rowsMax: 4 }, queue: { max: 4, policy: "drop-oldest" as const } };
    const { ask, work, sizes, proven } = await batchRig({ rowsMax: 4 }, { serving });
    const busy = ask(0);
    await settled();
    const caught = (one: Promise<unknown>) => one.catch((error: unknown) => error);
    const trial = [ask(1), ask(2), ask(3)].map(caught);
    await work();
    expect(sizes()).toEqual([3]);
    // Answered as one, they are asked alone: one is with the runner when more come than can wait.
    await work();
    const newer = [4, 5, 6, 7].map((value) => caught(ask(value)));
    for (let i = 0; i < 5; i++) await work();
    expect(await busy).toEqual([1]);
    const refused = expect.objectContaining({ code: "OVERLOADED" }) as unknown;
    expect(await Promise.all(trial)).toEqual([[2], [3], refused]);
    await Promise.all(newer);
    await proven();

    const all = [ask(5), ask(6)];
    await settled();

    expect(sizes()).toEqual([2]);
    await work();
    expect(await Promise.all(all)).toEqual([[6], [7]]);
  });
});
