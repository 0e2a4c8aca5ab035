import { SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { fnv1a, isTurnInShare } from "../../../../agent/src/domain/serving/canary-share.ts";
import type { Observation } from "../../../../agent/src/domain/serving/routed-model.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import type { Serving } from "../../../../agent/src/ports/serving.ts";
import { type FakeModelOptions, fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");
const request = { slot, inputs: [floatTensor("x", [1, 2], [0, 0])], timeoutMs: 60_000 };
const keyed = Array.from({ length: 1_000 }, (_, i) => ({ key: `customer-${i}` }));

async function setUp(weightPercent: number, changes: Partial<FakeModelOptions> = {}) {
  const seen: Observation<LoadedModel>[] = [];
  const observer = (observation: Observation<LoadedModel>) => seen.push(observation);
  const router = new Router<LoadedModel>({ clock: manualClock(), observer });
  const serving: Serving = router;
  const stable = fakeModel({ version: "1.0.0" });
  const canary = fakeModel({ version: "2.0.0", ...changes });
  await serving.activate(slot, stable);
  await serving.canary(slot, { model: canary, weightPercent });
  const ask = async (more: object = {}) => {
    const { model } = await router.infer({ ...request, ...more });
    return model.staged.document.version;
  };
  const askAll = async (requests: readonly object[]) => {
    const answers: string[] = [];
    for (const one of requests) answers.push(await ask(one));
    return answers;
  };
  return { router, serving, stable, canary, ask, askAll, seen };
}

describe("a canary", () => {
  test("answers the same keys every time, and about its share of them", async () => {
    const { askAll } = await setUp(20);

    const answers = await askAll(keyed);

    expect(await askAll(keyed)).toEqual(answers);
    const share = answers.filter((version) => version === "2.0.0").length / keyed.length;
    // 1 000 draws at 0.2 have a standard deviation of 0.0126: four of them.
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.25);
  });

  test("keeps the keys it has when its share grows", async () => {
    const few = await (await setUp(10)).askAll(keyed);
    const many = await (await setUp(60)).askAll(keyed);

    const kept = few.flatMap((version, i) => (version === "2.0.0" ? [many[i]] : []));

    expect(new Set(kept)).toEqual(new Set(["2.0.0"]));
  });

  test("that dies answers nobody: what it had is asked of the active release, once", async () => {
    const { canary, stable, ask, seen } = await setUp(100, { answersAtOnce: false });
    const lost = [ask(), ask()];
    canary.crash();

    expect(await Promise.all(lost)).toEqual(["1.0.0", "1.0.0"]);
    await settled();
    expect(await ask()).toBe("1.0.0");
    expect(canary.waiting).toHaveLength(0);
    expect(stable.staged.release).toBe(seen.at(-1)?.staged.release);
  });

  test("is named by its answers and to the observer", async () => {
    const { ask, seen } = await setUp(50);

    const answers = [await ask(), await ask()];

    expect(answers).toEqual(["2.0.0", "1.0.0"]);
    expect(seen.map(({ role }) => role)).toEqual(["canary", "stable"]);
  });

  test("answers whoever names its release, and no one who names the other", async () => {
    const { ask, canary, stable } = await setUp(1);

    for (let i = 0; i < 100; i++) {
      expect(await ask({ release: canary.staged.release })).toBe("2.0.0");
      expect(await ask({ release: stable.staged.release })).toBe("1.0.0");
    }
  });

  test("does not answer what only the active release takes", async () => {
    const inputs = [{ name: "other", dtype: "float32" as const, shape: [-1, 2] }];
    const { ask } = await setUp(100, { inputs });

    expect(await ask()).toBe("1.0.0");
  });

  test("ends with the next request, and its end waits for its last answer", async () => {
    const { serving, canary, ask } = await setUp(100, { answersAtOnce: false });
    const last = ask();
    const events: string[] = [];

    const ended = serving.canary(slot, null).then(() => events.push("ended"));
    expect(await ask()).toBe("1.0.0");
    events.push("asked");
    canary.waiting[0]?.answer();
    expect(await last).toBe("2.0.0");
    await ended;

    expect(events).toEqual(["asked", "ended"]);
  });

  test("becomes the active release in one step", async () => {
    const { router, serving, canary, stable, askAll } = await setUp(10);

    const swap = serving.activate(slot, canary);
    const answers = await askAll(keyed.slice(0, 50));

    expect(new Set(answers)).toEqual(new Set(["2.0.0"]));
    expect(await swap).toBe(stable);
    expect(router.health(slot)).toMatchObject({ answered: 50 });
  });

  test("goes on when the active release is started again, and when another takes its place", async () => {
    const { serving, askAll } = await setUp(50);
    const requests = Array.from({ length: 100 }, () => ({}));

    await serving.activate(slot, fakeModel({ version: "1.0.0" }));
    const again = await askAll(requests);
    await serving.activate(slot, fakeModel({ version: "0.9.0" }));
    const fallen = await askAll(requests);

    expect(new Set(again)).toEqual(new Set(["1.0.0", "2.0.0"]));
    expect(new Set(fallen)).toEqual(new Set(["0.9.0", "2.0.0"]));
  });

  test("is gone when its slot is emptied, and does not come back with the next release", async () => {
    const { serving, stable, ask } = await setUp(100);

    await serving.deactivate(slot);

    await expect(ask()).rejects.toMatchObject({ code: "NOT_READY" });
    await serving.activate(slot, stable);
    expect(await ask()).toBe("1.0.0");
  });
});

describe("of requests without a key a canary", () => {
  test.each([
    1, 20, 33, 50, 99, 100,
  ])("of weight %i answers so many of a hundred, and hardly one more or less", async (weight) => {
    const { askAll } = await setUp(weight);

    const answers = await askAll(Array.from({ length: 1_000 }, () => ({})));

    const count = answers.filter((version) => version === "2.0.0").length;
    expect(Math.abs(count - 10 * weight)).toBeLessThanOrEqual(2);
  });

  test("sees its share of each of several cameras that take turns", async () => {
    for (const [cameras, weight] of [2, 3, 4, 5, 8, 10].flatMap((n) => [
      [n, 10] as const,
      [n, 50] as const,
    ])) {
      const { askAll } = await setUp(weight);

      const answers = await askAll(Array.from({ length: 200 * cameras }, () => ({})));

      for (let camera = 0; camera < cameras; camera++) {
        const own = answers.filter((_, turn) => turn % cameras === camera);
        const count = own.filter((version) => version === "2.0.0").length;
        // Of two hundred requests each.
        expect(Math.abs(count - 2 * weight), `camera ${camera} of ${cameras}`).toBeLessThanOrEqual(
          6,
        );
      }
    }
  });
});

test("a key's hash is FNV-1a of 32 bits, as its published test vectors have it", () => {
  // draft-eastlake-fnv-17, appendix C.
  expect(fnv1a("")).toBe(0x811c9dc5);
  expect(fnv1a("a")).toBe(0xe40c292c);
  expect(fnv1a("foobar")).toBe(0xbf9cf968);
});

test("requests without a key are spread evenly, not in blocks", () => {
  const chosen = Array.from({ length: 1_000 }, (_, i) => i).filter((i) => isTurnInShare(i, 25));

  const gaps = new Set(chosen.slice(1).map((turn, i) => turn - (chosen[i] ?? 0)));

  // Multiples of the golden ratio come back to an interval at three distances, one of which is the sum of the others.
  expect([...gaps].sort()).toEqual([2, 3, 5]);
});
