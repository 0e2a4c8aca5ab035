import { localBusLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { bindingRig } from "../../../support/agent/binding-rig.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { settled } from "../../../support/agent/manual-clock.ts";
import { realClock } from "../../../support/agent/runner-fixture.ts";

const json = { form: "json" };
const bound = { input: "plant/+/raw", output: "plant/{1}/class", payload: json };
const echo = (model: Partial<Parameters<typeof fakeModel>[0]> = {}) =>
  fakeModel({ version: "1.0.0", says: (inputs) => inputs, ...model });

describe("a bound topic", () => {
  test("is answered at the topic that its own makes", async () => {
    const rig = bindingRig({ bindings: [bound] });
    await rig.activate(echo());

    await rig.say("plant/north/raw", "[3, 4]");
    await rig.say("plant/south/raw", "[5, 6]");

    expect(rig.topics()).toEqual(["plant/north/class", "plant/south/class"]);
    expect(rig.texts()[0]).toMatchObject({
      ...{ model: "digits", version: "1.0.0" },
      outputs: [{ data: [3, 4] }],
    });
    expect(rig.status()).toEqual({
      ...{ connected: true, received: 2, answered: 2, dropped: 0, refused: 0 },
    });
  });

  test("of two bindings is answered by both", async () => {
    const other = { ...bound, output: "other/{1}" };
    const rig = bindingRig({ bindings: [bound, other] });
    await rig.activate(echo());

    await rig.say("plant/a/raw", "[3, 4]");

    expect(rig.topics().sort()).toEqual(["other/a", "plant/a/class"]);
  });

  test("asks the slot or the model that the binding names", async () => {
    const back = SlotName.parse("back");
    const bindings = [
      { ...bound, input: "a", output: "A", slot: "back" },
      { ...bound, input: "b", output: "B", model: "voice" },
    ];
    const rig = bindingRig({ bindings });
    await rig.activate(echo());
    await rig.activate(echo({ version: "2.0.0", model: "voice" }), back);

    await rig.say("a", "[1, 2]");
    await rig.say("b", "[1, 2]");

    expect(rig.texts().map(({ version }) => version)).toEqual(["2.0.0", "2.0.0"]);
  });

  test("with a window is answered when the window is full", async () => {
    const rig = bindingRig({ bindings: [{ ...bound, window: 2 }] });
    await rig.activate(echo());

    for (const value of ["1", "2", "3"]) await rig.say("plant/a/raw", value);

    expect(rig.texts().map(({ outputs }) => outputs?.[0]?.data)).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(rig.status()).toMatchObject({ received: 3, answered: 2, dropped: 0, refused: 0 });
  });

  test("keeps the order of a window although answers wait", async () => {
    const rig = bindingRig({ bindings: [{ ...bound, window: 2 }] });
    const model = echo({ answersAtOnce: false });
    await rig.activate(model);
    for (const value of ["1", "2", "3"]) await rig.say("plant/a/raw", value);

    for (const waiting of [...model.waiting].reverse()) waiting.answer();
    await settled();

    const data = rig.texts().map(({ outputs }) => outputs?.[0]?.data.join());
    expect(data.sort()).toEqual(["1,2", "2,3"]);
  });
});

describe("a message of a bound topic", () => {
  test.each([
    ["nothing that is JSON", "{", "FORMAT"],
    ["another number of elements", "[1, 2, 3]", "BAD_TENSOR"],
    ["no number", '["x", 1]', "BAD_TENSOR"],
  ])("with %s is refused, counted, and told where the binding says", async (_what, text, code) => {
    const rig = bindingRig({ bindings: [{ ...bound, errors: "errors/{1}" }] });
    await rig.activate(echo());

    await rig.say("plant/a/raw", text);
    await rig.say("plant/a/raw", "[3, 4]");

    expect(rig.topics()).toEqual(["errors/a", "plant/a/class"]);
    expect(rig.texts()[0]).toMatchObject({ code });
    expect(rig.status()).toMatchObject({ answered: 1, refused: 1 });
  });

  test("is told of in the log once a minute, however many messages are wrong", async () => {
    const rig = bindingRig({ bindings: [bound] });
    await rig.activate(echo());

    for (let i = 0; i < 10; i += 1) await rig.say("plant/a/raw", "{");
    rig.pass(localBusLimits.tellEveryMs - 1);
    await rig.say("plant/a/raw", "{");
    const before = rig.unanswered.length;
    rig.pass(1);
    await rig.say("plant/a/raw", "{");

    expect(before).toBe(1);
    expect(rig.unanswered[1]).toMatchObject({ code: "FORMAT", refused: 12, input: "plant/+/raw" });
    expect(rig.topics()).toEqual([]);
  });

  test("without a model, or while it fails, has an error and no answer", async () => {
    const rig = bindingRig({ bindings: [{ ...bound, errors: "errors" }] });
    await rig.say("plant/a/raw", "[3, 4]");
    await rig.activate(
      echo({
        says: () => {
          throw new InferError("RUN_FAILED", "it failed");
        },
      }),
    );

    await rig.say("plant/a/raw", "[3, 4]");

    expect(rig.texts().map(({ code }) => code)).toEqual(["NOT_READY", "RUN_FAILED"]);
  });

  test("with a payload one byte too large is refused before it is parsed", async () => {
    const rig = bindingRig({
      bindings: [{ ...bound, errors: "errors", payload: { form: "float32" } }],
    });
    await rig.activate(echo());
    const { payloadBytesMax } = localBusLimits;

    await rig.say("plant/a/raw", new Uint8Array(payloadBytesMax));
    await rig.say("plant/a/raw", new Uint8Array(payloadBytesMax + 4));

    expect(rig.texts().map(({ code }) => code)).toEqual([undefined, "TOO_LARGE"]);
  });

  test("whose answer would have no topic is refused and counted, and the model is not asked", async () => {
    const levels = { input: "+/+", output: "{2}", errors: "errors" };
    const rig = bindingRig({ bindings: [{ ...bound, ...levels }] });
    const model = echo({ answersAtOnce: false });
    await rig.activate(model);

    await rig.say("plant/$SYS", "[3, 4]");

    expect(rig.texts()).toMatchObject([{ code: "FORMAT" }]);
    expect(rig.status()).toMatchObject({ received: 1, refused: 1 });
    expect(model.waiting).toHaveLength(0);
  });

  test("takes nothing retained, and nothing with a level that could become another topic", async () => {
    const rig = bindingRig({ bindings: [bound] });
    await rig.activate(echo());

    await rig.say("plant/a/raw", "[3, 4]", { isRetained: true });
    await rig.say("plant/+/raw", "[3, 4]");
    await rig.say("plant/a\u0000b/raw", "[3, 4]");

    expect(rig.status()).toMatchObject({ received: 0, answered: 0 });
  });
});

describe("room", () => {
  test("for messages is as much as there may be, and the next is dropped and counted", async () => {
    const models = new Router<LoadedModel>({ clock: realClock, queueMax: 10_000 });
    const rig = bindingRig({ bindings: [bound] }, models);
    const model = echo({ answersAtOnce: false });
    await rig.activate(model);

    for (let i = 0; i <= localBusLimits.inFlightMax; i += 1) await rig.say("plant/a/raw", "[3, 4]");
    const dropped = rig.status().dropped;
    while (model.waiting.length > 0) {
      for (const waiting of model.waiting.splice(0)) waiting.answer();
      await settled();
    }
    await rig.say("plant/a/raw", "[3, 4]");

    expect(dropped).toBe(1);
    expect(rig.status()).toMatchObject({ dropped: 1, answered: localBusLimits.inFlightMax });
    expect(model.waiting).toHaveLength(1);
  });

  test("in the queue of the model is its release's own: of a sensor's values that wait, the latest is answered", async () => {
    const rig = bindingRig({ bindings: [{ ...bound, errors: "errors" }] });
    const serving = { queue: { max: 2, policy: "latest-only" as const } };
    const model = echo({ answersAtOnce: false, serving });
    await rig.activate(model);

    for (let i = 1; i <= 6; i += 1) await rig.say("plant/a/raw", `[${i}, 0]`);
    while (model.waiting.length > 0) {
      model.waiting.shift()?.answer();
      await settled();
    }

    const answered = rig.texts().flatMap(({ outputs }) => outputs?.[0]?.data[0] ?? []);
    expect(answered).toEqual([1, 2, 6]);
    expect(rig.texts().filter(({ code }) => code === "OVERLOADED")).toHaveLength(3);
    expect(rig.status()).toMatchObject({ received: 6, answered: 3, dropped: 3, refused: 0 });
  });

  test("without a broker is none: the answer is dropped and counted, and nothing is kept for later", async () => {
    const rig = bindingRig({ bindings: [bound] });
    await rig.activate(echo());

    rig.line.isUp = false;
    await rig.say("plant/a/raw", "[3, 4]");
    rig.line.isUp = true;
    await rig.say("plant/b/raw", "[3, 4]");

    expect(rig.topics()).toEqual(["plant/b/class"]);
    expect(rig.status()).toMatchObject({ dropped: 1, answered: 1 });
  });
});
