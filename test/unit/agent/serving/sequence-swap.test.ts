import { runnerLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  adder,
  adderInputs,
  adderSlot,
  carriesState,
  end,
  keepsState,
  slot,
  start,
} from "../../../support/agent/adder.ts";
import { type FakeModelOptions, fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { settled } from "../../../support/agent/manual-clock.ts";

describe("a swap in mid-sequence", () => {
  test("leaves the sequence with the old release to its end, and waits for that", async () => {
    const { router, ask } = await adderSlot();
    await ask("a", 1, start);
    const events: string[] = [];

    const swap = router.activate(slot, adder("2.0.0")).then(() => events.push("swapped"));
    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
    expect(await ask("b", 5, start)).toEqual(["2.0.0", 5]);
    events.push("asked");
    expect(await ask("a", 3, end)).toEqual(["1.0.0", 6]);
    await swap;

    expect(events).toEqual(["asked", "swapped"]);
    expect(await ask("a", 4, start)).toEqual(["2.0.0", 4]);
  });

  test("waits no longer than a drain; the old release goes on with it while its process lives", async () => {
    const old = adder("1.0.0");
    const { clock, router, ask } = await adderSlot(old);
    await ask("a", 1, start);

    const swap = router.activate(slot, adder("2.0.0"));
    await clock.advance(runnerLimits.drainMsMax);
    expect(await swap).toBe(old);

    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
    old.crash();
    await settled();
    expect(await ask("a", 4)).toEqual(["2.0.0", 4, "reset"]);
    expect(await ask("a", 5)).toEqual(["2.0.0", 9]);
  });

  test("does not wait for a sequence that is silent too long", async () => {
    const { clock, router, ask } = await adderSlot(
      adder("1.0.0", { sequence: { ...keepsState, idleMs: 500 } }),
    );
    await ask("a", 1, start);
    let isSwapped = false;

    const swap = router.activate(slot, adder("2.0.0")).then(() => {
      isSwapped = true;
    });
    await clock.advance(499);
    expect(isSwapped).toBe(false);
    await clock.advance(1);
    await swap;

    expect(await ask("a", 2)).toEqual(["2.0.0", 2, "reset"]);
  });

  test("hands the state to a release that takes it over, with the very next request", async () => {
    const { router, ask } = await adderSlot();
    await ask("a", 1, start);

    await router.activate(slot, adder("2.0.0", { sequence: carriesState }));

    expect(await ask("a", 2)).toEqual(["2.0.0", 3]);
  });

  test.each([
    ["of another shape", { inputs: [adderInputs[0], { ...adderInputs[1], shape: [3, -1] }] }],
    [
      "of another element type",
      { inputs: [adderInputs[0], { ...adderInputs[1], dtype: "float64" }] },
    ],
    [
      "from another output",
      { sequence: { ...carriesState, states: [{ output: "sum", input: "state" }] } },
    ],
  ] as [
    string,
    Partial<FakeModelOptions>,
  ][])("does not hand it to one whose state is %s", async (_, changes) => {
    const old = adder("1.0.0");
    const { router, ask } = await adderSlot(old);
    await ask("a", 1, start);

    void router.activate(slot, adder("2.0.0", { sequence: carriesState, ...changes }));

    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
  });

  test("back to the release before goes on with what that one knew", async () => {
    const old = adder("1.0.0");
    const { clock, router, ask } = await adderSlot(old);
    await ask("a", 1, start);
    const swap = router.activate(slot, adder("2.0.0"));
    await clock.advance(runnerLimits.drainMsMax);
    await swap;

    await router.activate(slot, old);

    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
  });
});

describe("a runner that dies in mid-sequence", () => {
  test("loses nothing when the same release comes back: the state is not in its process", async () => {
    const dying = adder("1.0.0", { answersAtOnce: false });
    const { router, ask } = await adderSlot(dying);
    const first = ask("a", 1, start);
    dying.waiting.shift()?.answer();
    await first;
    const under = ask("a", 2);
    await settled();

    dying.crash();
    await settled();
    await router.activate(slot, adder("1.0.0"));

    expect(await under).toEqual(["1.0.0", 3]);
  });

  test("is told of where its model keeps the state to itself", async () => {
    const dying = fakeModel({ version: "1.0.0" });
    const { router } = await adderSlot(dying);
    const ask = async (isStart = false) => {
      const sequence = { id: "a", isStart, isEnd: false };
      const x = floatTensor("x", [1, 2], [0, 0]);
      return (await router.infer({ slot, inputs: [x], timeoutMs: 1_000, sequence }))
        .isSequenceReset;
    };
    expect([await ask(true), await ask()]).toEqual([undefined, undefined]);

    dying.crash();
    await settled();
    await router.activate(slot, fakeModel({ version: "1.0.0" }));

    expect([await ask(), await ask()]).toEqual([true, undefined]);
  });
});

describe("a canary and sequences", () => {
  test("a sequence stays with whoever began it, whatever its later requests say", async () => {
    const { router, ask } = await adderSlot();
    await ask("before", 1, start);
    await router.canary(slot, { model: adder("2.0.0"), weightPercent: 100 });

    expect(await ask("before", 2)).toEqual(["1.0.0", 3]);
    expect(await ask("after", 1, start)).toEqual(["2.0.0", 1]);
    expect(await ask("after", 2, { key: "another" })).toEqual(["2.0.0", 3]);
  });

  test("a canary that becomes the active release goes on with its sequences", async () => {
    const { router, ask } = await adderSlot();
    const canary = adder("2.0.0");
    await router.canary(slot, { model: canary, weightPercent: 100 });
    await ask("a", 1, start);

    await router.activate(slot, canary);

    expect(await ask("a", 2)).toEqual(["2.0.0", 3]);
  });
});

test("an emptied slot answers no sequence, and forgets them", async () => {
  const { router, ask } = await adderSlot();
  await ask("a", 1, start);

  await router.deactivate(slot);

  await expect(ask("a", 2)).rejects.toMatchObject({ code: "NOT_READY" });
  await router.activate(slot, adder("1.0.0"));
  expect(await ask("a", 3)).toEqual(["1.0.0", 3, "reset"]);
});
