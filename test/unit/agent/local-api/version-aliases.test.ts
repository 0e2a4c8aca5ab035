import { SlotName } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { eventually } from "../../../support/eventually.ts";

const slot = SlotName.parse("main");
const body = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }] };
const at = (version: string) => `/v2/models/digits/versions/${version}`;

let fixture: ApiFixture;
beforeEach(async () => {
  fixture = await apiFixture();
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

/** 1.0.0 serves; 2.0.0 is tried on every request that does not say otherwise. */
async function withCanary(answersAtOnce = true) {
  const stable = fakeModel({ version: "1.0.0" });
  const canary = fakeModel({ version: "2.0.0", answersAtOnce });
  await fixture.activate(stable);
  await fixture.router.canary(slot, { model: canary, weightPercent: 100 });
  return { stable, canary };
}

async function answeredBy(path: string): Promise<unknown> {
  const reply = await fixture.ask({ path, body });
  if (reply.status !== 200) return reply.status;
  return (reply.json() as { readonly model_version: string }).model_version;
}

describe("while a canary is tried", () => {
  test("the aliases and the versions name one release each, whatever the canary's share", async () => {
    await withCanary();

    expect(await answeredBy("/v2/models/digits/infer")).toBe("2.0.0");
    expect(await answeredBy(`${at("stable")}/infer`)).toBe("1.0.0");
    expect(await answeredBy(`${at("canary")}/infer`)).toBe("2.0.0");
    expect(await answeredBy(`${at("1.0.0")}/infer`)).toBe("1.0.0");
    expect(await answeredBy(`${at("2.0.0")}/infer`)).toBe("2.0.0");
    expect(await answeredBy(`${at("shadow")}/infer`)).toBe(404);
  });

  test("metadata names both versions, and readiness is each one's own", async () => {
    const { canary } = await withCanary();

    const reply = await fixture.ask({ path: at("canary") });
    canary.crash();
    await eventually(
      async () => (await fixture.ask({ path: `${at("canary")}/ready` })).status === 503,
    );

    expect(reply.json()).toMatchObject({ name: "digits", versions: ["1.0.0", "2.0.0"] });
    expect((await fixture.ask({ path: `${at("stable")}/ready` })).status).toBe(200);
  });

  test("a request for the canary is not given to the other when the canary dies", async () => {
    const { canary } = await withCanary(false);

    const asked = answeredBy(`${at("canary")}/infer`);
    await eventually(() => canary.waiting.length === 1);
    canary.crash();

    expect(await asked).toBe(503);
  });
});

test("without a canary there is none to ask, and the stable release is the one that serves", async () => {
  await fixture.activate(fakeModel({ version: "1.0.0" }));

  expect(await answeredBy(`${at("canary")}/infer`)).toBe(404);
  expect(await answeredBy(`${at("stable")}/infer`)).toBe("1.0.0");
});
