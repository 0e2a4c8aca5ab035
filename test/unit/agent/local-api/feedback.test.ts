import { feedbackLimits, mainSlot } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect } from "../../../../agent/src/client/connect.ts";
import { predictionIds } from "../../../../agent/src/domain/feedback/prediction-ids.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { labelRig } from "../../../support/agent/label-rig.ts";

const path = "/v2/models/digits/feedback";
const infer = {
  path: "/v2/models/digits/infer",
  body: { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: [0, 0] }] },
};

let fixture: ApiFixture;
let rig: ReturnType<typeof labelRig>;
beforeEach(async () => {
  rig = labelRig();
  const { desk, clock } = rig;
  const router = new Router<LoadedModel>({ clock, observer: (seen) => desk.observe(seen) });
  const reply = [floatTensor("y", [1, 3], [0.1, 0.8, 0.1])];
  await router.activate(mainSlot, fakeModel({ version: "1.0.0", reply }));
  const nextId = predictionIds(new Uint8Array([1, 2]));
  const naming = { nextId, takesLabels: () => desk.takesLabels(rig.staged.release) };
  fixture = await apiFixture({ models: router, labels: desk, naming });
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

test("an answer to a request without an id has one, which a label can name", async () => {
  const answers = [(await fixture.ask(infer)).json(), (await fixture.ask(infer)).json()];
  const said = await fixture.ask({ path, body: { id: "0102-1", label: "worn" } });

  expect(answers).toMatchObject([{ id: "0102-1" }, { id: "0102-2" }]);
  expect(said.status).toBe(200);
  expect(said.json()).toEqual({
    ...{ model_name: "digits", model_version: "1.0.0", id: "0102-1" },
    ...{ output: "kind", labelled: 1, errors: 0, repeated: false },
  });
});

test("an id of the application's own is given back, and a label can name it", async () => {
  const body = { ...infer.body, id: "part 7" };
  const answer = await fixture.ask({ ...infer, body });
  const said = await fixture.ask({ path, body: { id: "part 7", label: 0 } });

  expect(answer.json()).toMatchObject({ id: "part 7" });
  expect(said.json()).toMatchObject({ labelled: 1, errors: 1 });
});

test("answers of a release that takes no labels have no id that nobody gave", async () => {
  await using plain = await apiFixture({
    naming: { nextId: () => "made", takesLabels: () => false },
  });
  await plain.activate(fakeModel({ version: "1.0.0" }));

  expect((await plain.ask(infer)).json()).not.toHaveProperty("id");
});

test.each([
  ["an unknown id", path, { id: "0102-9", label: 1 }, "404 NOT_FOUND"],
  ["another model", "/v2/models/gear/feedback", { id: "a", label: 1 }, "404 NOT_FOUND"],
  [
    "another version",
    "/v2/models/digits/versions/9/feedback",
    { id: "a", label: 1 },
    "404 NOT_FOUND",
  ],
  ["another label than before", path, { id: "labelled", label: 2 }, "409 LABELLED"],
  ["a foreign label", path, { id: "a", label: "rust" }, "400 FORMAT"],
  ["what is no JSON", path, Buffer.from("label"), "400 FORMAT"],
  ["no body", path, Buffer.alloc(0), "400 FORMAT"],
  ["too much", path, Buffer.alloc(feedbackLimits.bodyBytesMax + 1, " "), "413 TOO_LARGE"],
])("%s is refused, and nothing is lost", async (_, place, body, expected) => {
  for (const id of ["a", "labelled"]) {
    await fixture.ask({ ...infer, body: { ...infer.body, id } });
  }
  await fixture.ask({ path, body: { id: "labelled", label: 1 } });

  const reply = await fixture.ask({ method: "POST", path: place, body });

  expect(`${reply.status} ${String(reply.headers["modelfleet-error"])}`).toBe(expected);
  const after = await fixture.ask({ path, body: { id: "a", label: 1 } });
  expect(after.json()).toMatchObject({ labelled: 1, errors: 0 });
});

test("a label is posted; it cannot be read, and not where no labels are taken", async () => {
  await using plain = await apiFixture();

  expect((await fixture.ask({ path })).status).toBe(405);
  expect((await plain.ask({ path, body: { id: "a", label: 1 } })).status).toBe(404);
});

test("the client gives labels by version, role or neither, and again without harm", async () => {
  using agent = connect(fixture.place as { readonly socketPath: string });
  const x = { data: new Float32Array(2), shape: [1, 2] };
  const model = agent.model("digits");
  const { id = "" } = await model.infer({ x });

  expect(await model.feedback(id, "worn")).toEqual({ labelled: 1, errors: 0, isRepeated: false });
  expect(await agent.model("digits", "stable").feedback(id, ["worn"])).toMatchObject({
    isRepeated: true,
  });
  expect(await agent.model("digits", "1.0.0").feedback(id, 1, { output: "kind" })).toMatchObject({
    isRepeated: true,
  });
  await expect(model.feedback(id, "good")).rejects.toMatchObject({ code: "LABELLED" });
});
