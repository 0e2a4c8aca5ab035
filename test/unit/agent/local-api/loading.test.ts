import { ReleaseReference, SlotName } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";

const digits = ReleaseReference.parse({
  release: "2".repeat(64),
  model: "digits",
  version: "2.0.0",
});
const body = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }] };
const beingLoaded = { error: "the release digits 2.0.0 is being loaded; try again in a second" };

test("while the installed release is being loaded, requests are told so and when to come back", async () => {
  await using fixture = await apiFixture({ loading: () => [digits] });

  for (const question of [
    { path: "/v2/health/ready" },
    { path: "/v2/models/digits" },
    { path: "/v2/models/digits/ready" },
    { path: "/v2/models/digits/infer", body },
    { path: "/v2/models/digits/versions/2.0.0/infer", body },
  ]) {
    const reply = await fixture.ask(question);
    expect([reply.status, reply.json()]).toEqual([503, beingLoaded]);
    expect(reply.headers["retry-after"]).toBe("1");
  }
});

test("while another slot answers already, only the models still to come are being loaded", async () => {
  await using fixture = await apiFixture({
    loading: () => [ReleaseReference.parse({ ...digits, model: "cats" })],
  });
  await fixture.router.activate(SlotName.parse("main"), fakeModel({ version: "1.0.0" }));

  const status = async (path: string) => (await fixture.ask({ path, body })).status;

  expect(await status("/v2/models/digits/infer")).toBe(200);
  expect(await status("/v2/models/cats/infer")).toBe(503);
  expect(await status("/v2/models/cats/versions/9.0.0/infer")).toBe(404);
  expect(await status("/v2/models/dogs/infer")).toBe(404);
});

test("of two slots with one model, main answers, and a version picks the slot that runs it", async () => {
  await using fixture = await apiFixture();
  await fixture.router.activate(SlotName.parse("alpha"), fakeModel({ version: "2.0.0" }));
  await fixture.router.activate(SlotName.parse("main"), fakeModel({ version: "1.0.0" }));

  const answeredBy = async (path: string) => (await fixture.ask({ path, body })).json();

  expect(await answeredBy("/v2/models/digits/infer")).toMatchObject({ model_version: "1.0.0" });
  for (const version of ["1.0.0", "2.0.0"]) {
    const path = `/v2/models/digits/versions/${version}/infer`;
    expect(await answeredBy(path)).toMatchObject({ model_version: version });
  }
});
