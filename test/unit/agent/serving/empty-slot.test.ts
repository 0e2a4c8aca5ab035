import { SlotName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import type { Serving } from "../../../../agent/src/ports/serving.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");

function setUp() {
  const router = new Router<LoadedModel>({ clock: manualClock() });
  const serving: Serving = router;
  const inputs = [floatTensor("x", [1, 2], [0, 0])];
  const ask = async () => (await router.infer({ slot, inputs, timeoutMs: 60_000 })).model;
  return { serving, ask };
}

test("a request to a slot that was emptied is refused, and those under way finish first", async () => {
  const { serving, ask } = setUp();
  const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
  await serving.activate(slot, old);
  const under = ask();

  const emptied = serving.deactivate(slot);
  await expect(ask()).rejects.toMatchObject({ code: "NOT_READY" });
  old.waiting[0]?.answer();

  expect(await under).toBe(old);
  await emptied;
  expect(serving.active(slot)).toBeUndefined();
  await serving.deactivate(slot);
});

test("a request that waits for a model to follow fails at once when the slot is emptied", async () => {
  const { serving, ask } = setUp();
  const dying = fakeModel({ version: "1.0.0", answersAtOnce: false });
  await serving.activate(slot, dying);
  const under = ask();
  dying.crash();
  await settled();

  await serving.deactivate(slot);

  await expect(under).rejects.toMatchObject({ code: "RUNNER_CRASH" });
});

test("what waited for a model in an empty slot, and was never asked of one, is told that none is ready", async () => {
  const { serving, ask } = setUp();
  const dead = fakeModel({ version: "1.0.0" });
  await serving.activate(slot, dead);
  dead.crash();
  await settled();
  const waiting = ask();

  await serving.deactivate(slot);

  await expect(waiting).rejects.toMatchObject({ code: "NOT_READY" });
});
