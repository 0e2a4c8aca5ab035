import { metricsLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  countedModels,
  countedServing,
} from "../../../../agent/src/app/metrics/counted-serving.ts";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { RequestTally } from "../../../../agent/src/domain/metrics/request-tally.ts";
import { SwapTally } from "../../../../agent/src/domain/metrics/swap-tally.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");
const release = { slot, model: "digits", version: "1.0.0" };
const request = { slot, inputs: [floatTensor("x", [1, 2], [0, 0])], timeoutMs: 60_000 };

function setUp() {
  const clock = manualClock();
  const router = new Router<LoadedModel>({ clock });
  const tallies = { requests: new RequestTally(), swaps: new SwapTally() };
  return {
    clock,
    ...tallies,
    models: countedModels(router, tallies, clock),
    serving: countedServing(router, tallies),
  };
}

describe("requests", () => {
  test("are counted under the release that answered, and what failed under its code", async () => {
    const { serving, models, requests } = setUp();
    const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, model);

    const asked = [models.infer(request), models.infer(request)];
    await settled();
    model.waiting[0]?.answer();
    model.waiting[1]?.fail(new InferError("RUN_FAILED", "no"));
    await Promise.allSettled(asked);
    await expect(models.infer({ ...request, inputs: [] })).rejects.toThrow();

    expect(requests.counts()).toMatchObject([
      {
        ...release,
        succeeded: 1,
        failed: new Map([
          ["RUN_FAILED", 1],
          ["BAD_TENSOR", 1],
        ]),
      },
    ]);
  });

  test("of a slot that has no model are nobody's", async () => {
    const { models, requests } = setUp();

    await expect(models.infer(request)).rejects.toMatchObject({ code: "NOT_READY" });

    expect(requests.counts()).toEqual([]);
  });

  test("of releases long gone are forgotten, those of the one in use never", () => {
    const tally = new RequestTally();
    for (let i = 0; i < 100; i++) {
      tally.succeeded(release, 1);
      tally.succeeded({ ...release, version: `2.0.${i}` }, 1);
    }

    const counts = tally.counts();

    expect(counts).toHaveLength(metricsLimits.releasesPerSlotMax);
    expect(counts.find(({ version }) => version === "1.0.0")).toMatchObject({ succeeded: 100 });
    expect(counts.at(-1)?.version).toBe("2.0.99");
  });
});

describe("swaps", () => {
  test("are counted by their result, and the last proof's time is kept", () => {
    const tally = new SwapTally();
    tally.reported({ slot, step: "loading" });
    tally.reported({ slot, step: "golden", durationMs: 80 });
    tally.reported({ slot, step: "activated" });
    tally.reported({ slot, step: "confirmed" });
    tally.reported({ slot, step: "golden", durationMs: 70 });
    tally.reported({ slot, step: "refused" });

    expect(tally.counts()).toMatchObject([
      {
        slot,
        results: new Map([
          ["activated", 1],
          ["confirmed", 1],
          ["refused", 1],
        ]),
        prepareMs: 70,
      },
    ]);
  });

  test("have as their longest wait that of the slowest request answered while the old release drained", async () => {
    const { clock, serving, models, swaps } = setUp();
    const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, old);
    const before = models.infer(request);
    await settled();
    await clock.advance(30);
    old.waiting[0]?.answer();
    await before;
    const during = models.infer(request);
    await settled();

    const drained = serving.activate(slot, fakeModel({ version: "2.0.0" }));
    await clock.advance(7);
    await models.infer(request);
    old.waiting[1]?.answer();
    await Promise.all([during, drained]);
    await models.infer(request);

    expect(swaps.counts()).toMatchObject([{ waitMsMax: 7, restarts: 0 }]);
  });

  test("are no swaps where the same release is started again, but restarts", async () => {
    const { serving, swaps } = setUp();
    const first = fakeModel({ version: "1.0.0" });
    await serving.activate(slot, first);
    first.crash();

    await serving.activate(slot, fakeModel({ version: "1.0.0" }));

    expect(swaps.counts()).toMatchObject([{ restarts: 1, waitMsMax: undefined }]);
  });
});
