import { SlotName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { manualClock } from "../../../support/agent/manual-clock.ts";

const main = SlotName.parse("main");
const [alpha, zulu] = [SlotName.parse("alpha"), SlotName.parse("zulu")];

test.each([
  [[zulu, alpha, main]],
  [[main, zulu, alpha]],
  [[alpha, main, zulu]],
])("slots are told with main first, then by name, whatever came up first: %j", async (order) => {
  const router = new Router<LoadedModel>({ clock: manualClock() });

  for (const slot of order) await router.activate(slot, fakeModel({ version: "1.0.0" }));

  expect(router.slots().map(({ slot }) => slot)).toEqual([main, alpha, zulu]);
});
