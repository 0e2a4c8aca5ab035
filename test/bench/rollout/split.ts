import { ModelName, RolloutRequest } from "@modelfleet/protocol";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import type { BenchPart } from "../bench-line.ts";
import { benchFleet } from "./bench-fleet.ts";

const DEVICES = 100_000;
const MS_MAX = 30_000;

/** A rollout over a large fleet, from the request until every device has its place in a stage. */
export const split: BenchPart = {
  name: "split",
  run: async (progress) => {
    progress(`enrol ${DEVICES} devices`);
    await using fleet = await benchFleet(DEVICES, () => null);
    const { app, stores } = fleet;
    const plan = {
      stages: [1, 10, 100].map((percent) => ({ size: { percent } })),
      stratifyBy: ["class", "site"],
      approval: true,
    };
    const request = { model: ModelName.parse("vision.defects"), version: "1.0.0", plan };
    progress("create the rollout, and split it");
    const startMs = performance.now();
    const { createRollout } = app.useCases;
    const { id } = await createRollout.run(RolloutRequest.parse(request), localPrincipal);
    const createdMs = performance.now() - startMs;
    await app.rolloutEngine.tick();
    const tookMs = performance.now() - startMs;
    const devices = (await stores.rollouts.byId(id))?.rollout.devices;
    if (devices !== DEVICES) throw new Error(`expected ${DEVICES} devices, got ${String(devices)}`);
    const common = { scenario: 33, bare: null };
    return [
      {
        ...common,
        what: "create a rollout of 100,000, ms",
        ours: createdMs,
        limit: "",
        holds: true,
      },
      {
        ...{ ...common, what: "create and split 100,000, ms", ours: tookMs },
        ...{ limit: `≤ ${MS_MAX}`, holds: tookMs <= MS_MAX },
      },
    ];
  },
};
