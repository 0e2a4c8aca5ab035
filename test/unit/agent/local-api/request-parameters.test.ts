import { SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { parseParameters } from "../../../../agent/src/domain/open-inference/parse-parameters.ts";
import type { RoutedRequest } from "../../../../agent/src/domain/serving/routed-model.ts";
import { apiFixture } from "../../../support/agent/api-fixture.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";

const x = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] };
const longest = "s".repeat(128);

describe("the sequence of a request", () => {
  test.each([
    [{ sequence_id: 42 }, { id: "42", isStart: false, isEnd: false }],
    [{ sequence_id: "42" }, { id: "42", isStart: false, isEnd: false }],
    [
      { sequence_id: "utterance", sequence_start: true },
      { id: "utterance", isStart: true, isEnd: false },
    ],
    [
      { sequence_id: 7, sequence_end: true },
      { id: "7", isStart: false, isEnd: true },
    ],
    [{ sequence_id: longest }, { id: longest, isStart: false, isEnd: false }],
    // As Triton has it: neither of the two is an id.
    [{ sequence_id: 0 }, undefined],
    [{ sequence_id: "" }, undefined],
    [{}, undefined],
    // As its Python client says nothing of a sequence.
    [{ sequence_id: 0, sequence_start: false, sequence_end: false }, undefined],
  ])("%j is %j", (parameters, place) => {
    expect(parseParameters(parameters).sequence).toEqual(place);
  });

  test.each([
    [{ sequence_start: true }, "sequence_id: expected one beside sequence_start or _end"],
    [{ sequence_id: 0, sequence_end: true }, "sequence_id: expected one beside"],
    [{ sequence_id: -1 }, "sequence_id: expected a whole number of at least 0, got -1"],
    [{ sequence_id: 1.5 }, "sequence_id: expected a whole number"],
    [{ sequence_id: true }, "sequence_id: expected a text"],
    [{ sequence_id: `${longest}s` }, "sequence_id: expected a text of at most 128 characters"],
    [{ sequence_id: 1, sequence_start: "yes" }, "sequence_start: expected true or false"],
  ])("%j is refused", (parameters, message) => {
    expect(() => parseParameters(parameters)).toThrow(message);
  });
});

describe("the key of a request", () => {
  test.each([
    [{ parameters: { request_key: "cam-3", sequence_id: 5 }, id: "a" }, "cam-3"],
    [{ parameters: { sequence_id: 5 }, id: "a" }, "5"],
    [{ id: "a" }, "a"],
    [{}, undefined],
  ])("of %j is %s", async (body, key) => {
    const { seen } = await asked(body);

    expect(seen[0]?.key).toBe(key);
  });

  test("longer than 128 characters is refused", async () => {
    const { status } = await asked({ parameters: { request_key: `${longest}s` } });

    expect(status).toBe(400);
  });
});

test("an answer that begins a sequence anew says so, and no other does", async () => {
  const [fresh, usual] = [await asked({}, true), await asked({}, false)];

  expect(fresh.json).toMatchObject({ parameters: { sequence_reset: true } });
  expect(usual.json).not.toHaveProperty("parameters");
});

/** One request through the API before a router that only notes it. */
async function asked(body: object, isSequenceReset = false) {
  const seen: RoutedRequest[] = [];
  const model = fakeModel({ version: "1.0.0" });
  await using fixture = await apiFixture({
    models: {
      slots: () => [{ slot: SlotName.parse("main"), model, isReady: true }],
      infer: (request) => {
        seen.push(request);
        return Promise.resolve({ model, outputs: [], isSequenceReset });
      },
    },
  });
  const whole = { inputs: [x], ...body };
  const { status, json } = await fixture.ask({ path: "/v2/models/digits/infer", body: whole });
  return { seen, status, json: json() };
}
