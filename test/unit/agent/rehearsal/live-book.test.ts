import { mainSlot } from "@modelfleet/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { LiveBook } from "../../../../agent/src/app/rehearsal/live-book.ts";
import { measuredServing } from "../../../../agent/src/app/rehearsal/measured-serving.ts";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { defaultProbation } from "../../../../agent/src/domain/install/probation.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import type { Serving } from "../../../../agent/src/ports/serving.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { manualClock } from "../../../support/agent/manual-clock.ts";
import { type TimedModel, timedModel } from "../../../support/agent/timed-model.ts";

const clock = manualClock();
const even = ([x = 0]: readonly number[]) => (x % 2 === 0 ? [1, 0] : [0, 1]);
const model = (
  version: string,
  answer: (x: readonly number[]) => readonly number[] = even,
): TimedModel => timedModel({ version, clock, tookMs: 0, answer });

let onTrial: string | undefined;
let rings: number;
let book: LiveBook;
let serving: Serving;
let ask: (count: number) => Promise<void>;
beforeEach(() => {
  onTrial = undefined;
  rings = 0;
  book = new LiveBook({
    rules: defaultProbation,
    isOnTrial: (_, release) => release === onTrial,
    failed: () => {
      rings += 1;
    },
  });
  const router = new Router<LoadedModel>({ clock, observer: (seen) => book.observe(seen) });
  serving = measuredServing(router, book);
  ask = async (count) => {
    for (let x = 0; x < count; x++) {
      const inputs = [floatTensor("x", [1, 1], [x])];
      await router.infer({ slot: mainSlot, inputs, timeoutMs: 1_000 }).catch(() => undefined);
    }
  };
});

async function activate(trial: TimedModel): Promise<TimedModel> {
  onTrial = trial.staged.release;
  await serving.activate(mainSlot, trial);
  return trial;
}

test("a release on trial is compared with what answered until it did", async () => {
  const first = await activate(model("1.0.0"));
  await ask(30);
  const second = await activate(model("2.0.0"));
  await ask(5);

  const facts = book.facts(second);
  expect(facts?.trial.answered()).toBe(5);
  expect(facts?.before?.answered()).toBe(30);
  expect(book.facts(first)?.before).toBeNull();
});

test("also where the one before had to make way for it", async () => {
  await activate(model("1.0.0"));
  await ask(30);
  await serving.deactivate(mainSlot);
  const second = await activate(model("2.0.0"));

  expect(book.facts(second)?.before?.answered()).toBe(30);
});

test("a release that is started again begins anew, with nothing before it", async () => {
  const first = await activate(model("1.0.0"));
  await ask(30);
  // Another agent has another book, and loads the release anew.
  const again = model("1.0.0");
  const fresh = new LiveBook({
    rules: defaultProbation,
    isOnTrial: () => true,
    failed: () => undefined,
  });
  fresh.activated(mainSlot, again, undefined);

  expect(fresh.facts(again)?.before).toBeNull();
  expect(fresh.facts(again)?.trial.answered()).toBe(0);
  expect(fresh.facts(first)).toBeNull();
});

describe("whoever decides is told", () => {
  test("of the answer that speaks against a release on trial, not before and not of a good one", async () => {
    await activate(model("1.0.0"));
    await ask(1_000);
    const good = await activate(model("2.0.0"));
    await ask(300);
    expect(rings).toBe(0);

    await activate(model("3.0.0", () => [1, 0]));
    await ask(300);
    // A distance of 0.5 is what any release may have.
    expect(rings).toBe(0);
    await serving.activate(mainSlot, good);
    await activate(model("4.0.0", ([x = 0]) => (x < 3 ? [1, 0] : [Number.NaN, 0])));
    await ask(3);
    expect(rings).toBe(0);
    await ask(4);

    expect(rings).toBeGreaterThan(0);
  });

  test("of each failed answer of a release on trial, and of none once it is confirmed", async () => {
    const failsAtOne = ([x = 0]: readonly number[]) => {
      if (x === 1) throw new InferError("RUN_FAILED", "no such operator");
      return [1, 0];
    };
    await activate(model("1.0.0", failsAtOne));
    await ask(2);
    expect(rings).toBe(1);

    onTrial = undefined;
    await ask(10);

    expect(rings).toBe(1);
  });
});

test("a confirmed release lets go of what was before it, and goes on being measured", async () => {
  await activate(model("1.0.0"));
  await ask(10);
  const second = await activate(model("2.0.0"));
  await ask(2);
  onTrial = undefined;

  await ask(20);

  expect(book.facts(second)?.before).toBeNull();
  expect(book.facts(second)?.trial.answered()).toBe(22);
});

test("the one that answers again after a rollback is measured on, and is what the next is compared with", async () => {
  const first = await activate(model("1.0.0"));
  await ask(10);
  await activate(model("2.0.0"));
  await ask(3);
  await serving.activate(mainSlot, first);
  await ask(10);

  const third = await activate(model("3.0.0"));

  expect(book.facts(third)?.before?.answered()).toBe(20);
});
