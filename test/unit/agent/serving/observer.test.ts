import { SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import type { Observation } from "../../../../agent/src/domain/serving/routed-model.ts";
import { Router, type RouterOptions } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import type { Serving } from "../../../../agent/src/ports/serving.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatsOf, floatTensor } from "../../../support/agent/floats.ts";
import { manualClock } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");
const inputs = [floatTensor("x", [1, 2], [0, 0])];
const request = { slot, inputs, timeoutMs: 60_000 };

function setUp(options: Partial<RouterOptions<LoadedModel>> = {}) {
  const clock = manualClock();
  const router = new Router<LoadedModel>({ clock, ...options });
  const serving: Serving = router;
  const ask = async (changes: object = {}) => {
    const { model, outputs } = await router.infer({ ...request, ...changes });
    return { version: model.staged.document.version, says: outputs.flatMap(floatsOf) };
  };
  return { clock, router, serving, ask };
}

describe("the observer", () => {
  test("is told of each request once, with what the last model said", async () => {
    const seen: Observation<LoadedModel>[] = [];
    const { clock, serving, ask } = setUp({ observer: (observation) => seen.push(observation) });
    const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, old);
    const moved = ask();
    await clock.advance(7);
    old.crash();
    await serving.activate(slot, fakeModel({ version: "2.0.0" }));
    await moved;

    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ slot, inputs, latencyUs: 7_000 });
    expect(seen[0]?.staged.document.version).toBe("2.0.0");
    expect(seen[0]?.outputs?.flatMap(floatsOf)).toEqual([2]);
    expect(seen[0]).not.toHaveProperty("errorCode");
  });

  test("is told of a failure with its code, and may fail itself without harm", async () => {
    const codes: (string | undefined)[] = [];
    const { serving, ask } = setUp({
      observer: ({ errorCode }) => {
        codes.push(errorCode);
        throw new TypeError("a defect of the recorder");
      },
    });
    const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, model);

    const [fine, failing] = [ask(), ask()];
    model.waiting[0]?.answer();
    model.waiting[1]?.fail(new InferError("RUN_FAILED", "no"));

    expect((await fine).says).toEqual([1]);
    await expect(failing).rejects.toMatchObject({ code: "RUN_FAILED" });
    expect(codes).toEqual([undefined, "RUN_FAILED"]);
  });
});

describe("an output the caller did not ask for", () => {
  const names = ["digit", "y", "logits"];
  const twoNamed = {
    version: "1.0.0",
    outputs: names.map((name) => ({ name, dtype: "float32" as const, shape: [-1, 1] })),
    reply: names.map((name, i) => floatTensor(name, [1, 1], [i])),
  };

  async function observed(wanted: readonly string[] | undefined) {
    const seen: Observation<LoadedModel>[] = [];
    const { router, serving } = setUp({
      observer: (observation) => seen.push(observation),
      observed: () => ["x", "y"],
    });
    await serving.activate(slot, fakeModel(twoNamed));
    const answer = await router.infer({ ...request, ...(wanted && { outputs: wanted }) });
    const told = seen[0]?.outputs?.map(({ name }) => name);
    return { told, answered: answer.outputs.map(({ name }) => name) };
  }

  test("is measured all the same when the profile reads it, and not answered", async () => {
    expect(await observed(["digit"])).toEqual({ told: ["digit", "y"], answered: ["digit"] });
  });

  test("is asked for once when the caller wants it too, and in the caller's order", async () => {
    const both = ["y", "digit"];
    expect(await observed(both)).toEqual({ told: both, answered: both });
  });

  test("is part of every output, which is what no list means", async () => {
    for (const none of [undefined, []]) {
      expect(await observed(none)).toEqual({ told: names, answered: names });
    }
  });

  test("is asked of the next model as well when the first one dies", async () => {
    const seen: Observation<LoadedModel>[] = [];
    const { router, serving } = setUp({
      observer: (observation) => seen.push(observation),
      observed: () => ["y"],
    });
    const dying = fakeModel({ ...twoNamed, answersAtOnce: false });
    await serving.activate(slot, dying);
    const under = router.infer({ ...request, outputs: ["digit"] });
    dying.crash();
    await serving.activate(slot, fakeModel({ ...twoNamed, version: "2.0.0" }));

    expect((await under).outputs.map(({ name }) => name)).toEqual(["digit"]);
    expect(seen[0]?.outputs?.map(({ name }) => name)).toEqual(["digit", "y"]);
  });
});
