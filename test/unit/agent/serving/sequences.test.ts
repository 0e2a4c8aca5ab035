import { sequenceLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { adder, adderSlot, end, keepsState, slot, start } from "../../../support/agent/adder.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { settled } from "../../../support/agent/manual-clock.ts";

describe("a sequence", () => {
  test("gets each answer's state with its next request, and begins with zeros", async () => {
    const { ask } = await adderSlot();

    expect(await ask("a", 1, start)).toEqual(["1.0.0", 1]);
    expect(await ask("b", 10, start)).toEqual(["1.0.0", 10]);
    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
    expect(await ask("b", 20, end)).toEqual(["1.0.0", 30]);
    expect(await ask("a", 3, start)).toEqual(["1.0.0", 3]);
  });

  test("keeps its state although its caller asks for another output only, and is not given that one", async () => {
    const { router, ask } = await adderSlot();
    await ask("a", 1, { ...start, outputs: ["sum"] });

    expect(await ask("a", 2, { outputs: ["sum"] })).toEqual(["1.0.0", 3]);
    const { outputs: got } = await router.infer({
      ...{ slot, inputs: [floatTensor("x", [1, 1], [3])], timeoutMs: 60_000, outputs: ["sum"] },
      sequence: { id: "a", isStart: false, isEnd: false },
    });
    expect(got.map(({ name }) => name)).toEqual(["sum"]);
  });

  test("takes the state that its caller gives, instead", async () => {
    const { ask } = await adderSlot();
    await ask("a", 1, start);

    const given = [floatTensor("x", [1, 1], [2]), floatTensor("state", [2, 1], [100, 0])];

    expect(await ask("a", 0, { inputs: given })).toEqual(["1.0.0", 102]);
    expect(await ask("a", 1)).toEqual(["1.0.0", 103]);
  });

  test("is asked in its order, although its requests come at once", async () => {
    const model = adder("1.0.0", { answersAtOnce: false });
    const { ask } = await adderSlot(model);

    const all = [ask("a", 1, start), ask("a", 2), ask("a", 3)];
    for (let i = 0; i < 3; i++) {
      await settled();
      expect(model.waiting).toHaveLength(1);
      model.waiting.shift()?.answer();
    }

    expect(await Promise.all(all)).toEqual([
      ["1.0.0", 1],
      ["1.0.0", 3],
      ["1.0.0", 6],
    ]);
  });

  test("does not keep a request waiting for the one before it beyond its own deadline", async () => {
    const model = adder("1.0.0", { answersAtOnce: false });
    const { clock, ask } = await adderSlot(model);
    const first = ask("a", 1, start);
    const late = expect(ask("a", 2, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    const third = ask("a", 3);

    await clock.advance(50);

    await late;
    model.waiting.shift()?.answer();
    await settled();
    model.waiting.shift()?.answer();
    expect(await Promise.all([first, third])).toEqual([
      ["1.0.0", 1],
      ["1.0.0", 4],
    ]);
  });

  test("that nobody began, or that was silent too long, begins anew and says so, once", async () => {
    const { clock, ask } = await adderSlot();
    expect(await ask("a", 1)).toEqual(["1.0.0", 1, "reset"]);
    expect(await ask("a", 2)).toEqual(["1.0.0", 3]);
    await clock.advance(keepsState.idleMs - 1);
    expect(await ask("a", 3)).toEqual(["1.0.0", 6]);
    await clock.advance(keepsState.idleMs);

    expect(await ask("a", 4)).toEqual(["1.0.0", 4, "reset"]);
  });

  test("is refused where too many are open, until one ends or is silent too long", async () => {
    const { clock, router, ask } = await adderSlot();
    for (let i = 0; i < sequenceLimits.openMax; i++) await ask(`s${i}`, 1, start);
    await clock.advance(1_000);
    await ask("s1", 1);

    const refused = await ask("one-more", 1, start).catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: "OVERLOADED", retryAfterMs: keepsState.idleMs - 1_000 });
    expect(await ask("s0", 1, end)).toEqual(["1.0.0", 2]);
    expect(await ask("one-more", 1, start)).toEqual(["1.0.0", 1]);
    await expect(ask("another", 1, start)).rejects.toMatchObject({ code: "OVERLOADED" });
    await clock.advance(keepsState.idleMs - 1_000);
    expect(await ask("another", 1, start)).toEqual(["1.0.0", 1]);
    // Left: s0's successor and s1, which were asked later than the rest, and the new one.
    expect(router.counts(slot)?.sequences).toBe(3);
  });

  test("leaves a request without a sequence to give every input itself", async () => {
    const { router } = await adderSlot();

    const asked = router.infer({ slot, inputs: [floatTensor("x", [1, 1], [1])], timeoutMs: 1_000 });

    await expect(asked).rejects.toMatchObject({ code: "BAD_TENSOR" });
  });
});
