import { mainSlot } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { SlotRuntime } from "../../../../agent/src/app/install/slot-runtime.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";

function setUp() {
  const randomBytes = (length: number) => new Uint8Array(length);
  const clock = { ...manualClock(), nowMs: () => 0, chance: () => 0.5, randomBytes };
  return new SlotRuntime(mainSlot, clock, () => undefined);
}

test("a runner that ended while a step had it in hand is known to have ended when it is to answer", async () => {
  const runtime = setUp();
  const proven = fakeModel({ version: "2.0.0" });
  runtime.watch(proven);
  runtime.ready = proven;
  proven.crash();
  await settled();

  runtime.began(proven);

  expect(runtime.ready).toBeNull();
  expect(runtime.crash).toBe(await proven.exited);
});

test("the end of one runner says nothing of the next", async () => {
  const runtime = setUp();
  const [dead, next] = [fakeModel({ version: "1.0.0" }), fakeModel({ version: "1.0.0" })];
  for (const model of [dead, next]) runtime.watch(model);
  runtime.began(dead);
  dead.crash();
  await settled();

  runtime.began(next);

  expect(runtime.crash).toBeNull();
});
