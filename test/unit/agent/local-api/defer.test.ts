import { rehearsalLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SwapDeferrals } from "../../../../agent/src/app/install/swap-deferrals.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";

const path = "/v2/modelfleet/slots/main/defer";

let fixture: ApiFixture;
beforeEach(async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const holds = new SwapDeferrals({
    clock: { monotonicMs: () => 5_000 },
    log,
    decided: () => undefined,
  });
  fixture = await apiFixture({ holds, hasSlot: (slot) => slot === "main" });
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

test("an application puts swaps of a slot off, and is told how that stands", async () => {
  const said = await fixture.ask({ path, body: { recheckAfterMs: 200 } });
  const asked = await fixture.ask({ path });

  expect(said.status).toBe(200);
  expect(said.json()).toEqual({ slot: "main", deferredMs: 200, waiting: null });
  expect(asked.json()).toEqual(said.json());
});

test.each([
  ["the shortest", rehearsalLimits.recheckMsMin, 200],
  ["shorter than the shortest", rehearsalLimits.recheckMsMin - 1, 400],
  ["the longest", rehearsalLimits.recheckMsMax, 200],
  ["longer than the longest", rehearsalLimits.recheckMsMax + 1, 400],
  ["a broken", 200.5, 400],
  ["a spelled", "200", 400],
  ["no", undefined, 400],
])("%s time is answered with its status", async (_, recheckAfterMs, status) => {
  const reply = await fixture.ask({ path, body: { recheckAfterMs } });

  expect(reply.status).toBe(status);
  const { deferredMs } = (await fixture.ask({ path })).json() as { readonly deferredMs: number };
  expect(deferredMs).toBe(status === 200 ? recheckAfterMs : 0);
});

test.each([
  ["a slot the device does not have", "/v2/modelfleet/slots/side/defer", 404],
  ["what is no name of a slot", "/v2/modelfleet/slots/%2e%2e/defer", 404],
  ["a path beyond", `${path}/now`, 404],
])("%s is not found", async (_, other, status) => {
  expect((await fixture.ask({ path: other })).status).toBe(status);
});

test("another method than GET and POST is refused", async () => {
  expect((await fixture.ask({ path, method: "DELETE" })).status).toBe(405);
});

test("a body that is larger than its few bytes, or no JSON, is refused", async () => {
  const large = { recheckAfterMs: 200, more: "m".repeat(1_024) };

  expect((await fixture.ask({ path, body: large })).status).toBe(413);
  expect((await fixture.ask({ path, body: Buffer.from("{") })).status).toBe(400);
});

test.each([
  [{ recheckAfterMs: 6 }, "got 6"],
  [{ recheckAfterMs: "200" }, "got a string"],
  [{ recheckAfterMs: [] }, "got an array"],
  [{ recheckAfterMs: null }, "got null"],
  [{}, "got none"],
])("a refused time is told with what came: %j", async (body, came) => {
  const { error } = (await fixture.ask({ path, body })).json() as { readonly error: string };

  expect(error.endsWith(came)).toBe(true);
});
