import { InferResponse } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { type FakeModel, fakeModel } from "../../../support/agent/fake-model.ts";
import { textLike } from "../../../support/agent/text-like.ts";
import { eventually } from "../../../support/eventually.ts";

const x = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] };
const infer = "/v2/models/digits/infer";

let fixture: ApiFixture;
beforeEach(async () => {
  fixture = await apiFixture();
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function activate(
  changes: Partial<Parameters<typeof fakeModel>[0]> = {},
): Promise<FakeModel> {
  const model = fakeModel({ version: "1.0.0", ...changes });
  await fixture.activate(model);
  return model;
}

describe("before a model is installed", () => {
  test("the server lives and is not ready, and says what to do", async () => {
    expect(await fixture.ask({ path: "/v2/health/live" })).toMatchObject({ status: 200 });
    const ready = await fixture.ask({ path: "/v2/health/ready" });
    expect([ready.status, ready.json()]).toEqual([
      503,
      { error: "no model runs on this device; deploy one" },
    ]);
    expect((await fixture.ask({ path: infer, body: { inputs: [x] } })).status).toBe(503);
  });
});

describe("what the server tells", () => {
  test("is its name, and which extensions it has", async () => {
    const reply = await fixture.ask({ path: "/v2" });

    expect(reply.json()).toEqual({
      name: "modelfleet",
      version: "0.1.0",
      extensions: ["binary_tensor_data", "model_repository", "sequence", "sequence(string_id)"],
    });
  });

  test("is a model's inputs and outputs, with −1 where a dimension is free", async () => {
    await activate();

    for (const path of ["/v2/models/digits", "/v2/models/digits/versions/1.0.0"]) {
      const reply = await fixture.ask({ path });
      expect([reply.status, reply.json()]).toEqual([
        200,
        {
          name: "digits",
          versions: ["1.0.0"],
          platform: "onnx_onnxruntime",
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
          outputs: [{ name: "y", datatype: "FP32", shape: [-1, 1] }],
        },
      ]);
    }
  });

  test("is readiness of server, model and version, until the runner dies", async () => {
    const model = await activate();
    const paths = [
      "/v2/health/ready",
      "/v2/models/digits/ready",
      "/v2/models/digits/versions/1.0.0/ready",
    ];
    for (const path of paths) expect((await fixture.ask({ path })).status).toBe(200);

    model.crash();

    for (const path of paths) expect((await fixture.ask({ path })).status).toBe(503);
  });

  test("is the agent's own status", async () => {
    const reply = await fixture.ask({ path: "/v2/modelfleet/status" });

    expect([reply.status, reply.json()]).toEqual([200, { device: "cam-0017" }]);
  });
});

describe("an inference in JSON", () => {
  test("is answered with the version that gave it, and the caller's id", async () => {
    await activate();

    const reply = await fixture.ask({ path: infer, body: { id: "42", inputs: [x] } });

    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(InferResponse.parse(reply.json())).toEqual({
      model_name: "digits",
      model_version: "1.0.0",
      id: "42",
      outputs: [{ name: "y", datatype: "FP32", shape: [1, 1], data: [1] }],
    });
  });

  test("may name the active version, and no other", async () => {
    await activate();

    const body = { inputs: [x] };
    const right = await fixture.ask({ path: "/v2/models/digits/versions/1.0.0/infer", body });
    const wrong = await fixture.ask({ path: "/v2/models/digits/versions/2.0.0/infer", body });

    expect(right.status).toBe(200);
    expect([wrong.status, wrong.json()]).toEqual([
      404,
      { error: "model digits 2.0.0: expected one that is active here (digits 1.0.0), got another" },
    ]);
  });

  test("of an unknown model is refused with the ones there are", async () => {
    await activate();

    const reply = await fixture.ask({ path: "/v2/models/cats/infer", body: { inputs: [x] } });

    expect([reply.status, reply.json()]).toEqual([
      404,
      { error: "model cats: expected one that is active here (digits 1.0.0), got another" },
    ]);
  });

  test.each([
    [
      "another shape",
      { inputs: [{ ...x, shape: [1, 3], data: [1, 2, 3] }] },
      "input x: expected shape [-1,2], got [1,3]",
    ],
    [
      "another datatype",
      { inputs: [{ ...x, datatype: "INT32" }] },
      "input x: expected datatype FP32, got INT32",
    ],
    [
      "an unknown datatype",
      { inputs: [{ ...x, datatype: "FP8" }] },
      /^tensor x: expected a datatype of BOOL, .*BYTES, got FP8$/,
    ],
    ["a missing input", { inputs: [] }, "input x: expected it, got none"],
    [
      "an extra input",
      { inputs: [x, { ...x, name: "z" }] },
      "input z: expected one of x, got another",
    ],
    [
      "an unknown output",
      { inputs: [x], outputs: [{ name: "q" }] },
      "output q: expected one of y, got another",
    ],
    ["too few elements", { inputs: [{ ...x, data: [1] }] }, "input x: expected 2 elements, got 1"],
    ["no data", { inputs: [{ ...x, data: undefined }] }, /^input x: data: expected a list/],
    ["no inputs", {}, "inputs: expected a list of 1 to 64 tensors, got nothing"],
    ["a text for inputs", { inputs: "x" }, /^inputs: expected a list .*, got a text$/],
    [
      "a negative size",
      { inputs: [{ ...x, shape: [-1, 2] }] },
      "input x: shape: expected a whole number of at least 0, got -1",
    ],
    ["a list for a body", [], "body: expected an object, got a list of 0"],
    ["an id that is a number", { id: 7, inputs: [x] }, /^id: expected a text .*, got 7$/],
    [
      "FP16 as JSON",
      { inputs: [{ ...x, datatype: "FP16" }] },
      "input x: expected FP16 as binary data, got JSON",
    ],
  ])("with %s is refused", async (_, body, error) => {
    await activate();

    const reply = await fixture.ask({ path: infer, body });

    expect([reply.status, reply.json()]).toEqual([
      400,
      { error: typeof error === "string" ? error : textLike(error) },
    ]);
  });

  test.each([
    ['{"inputs":', "body: expected JSON in its first 10 bytes"],
    ["", "body: expected an object of JSON, got none"],
  ])("that is no JSON is refused: %j", async (body, error) => {
    await activate();

    const reply = await fixture.ask({ path: infer, body: Buffer.from(body) });

    expect([reply.status, reply.json()]).toEqual([400, { error }]);
  });
});

describe("a failure", () => {
  test.each([
    ["OVERLOADED", 429, "1"],
    ["DEADLINE_EXCEEDED", 504, undefined],
    ["NOT_READY", 503, "1"],
    ["RUN_FAILED", 500, undefined],
    ["BAD_TENSOR", 400, undefined],
  ] as const)("%s is status %i", async (code, status, retryAfter) => {
    const model = await activate({ answersAtOnce: false });
    const asked = fixture.ask({ path: infer, body: { inputs: [x] } });
    await eventually(() => model.waiting.length === 1);

    model.waiting[0]?.fail(new InferError(code, "the reason"));

    const reply = await asked;
    expect([reply.status, reply.json()]).toEqual([status, { error: "the reason" }]);
    expect(reply.headers["retry-after"]).toBe(retryAfter);
  });

  test("that is a defect of ours is told without its inside, and reported", async () => {
    const model = await activate({ answersAtOnce: false });
    const asked = fixture.ask({ path: infer, body: { inputs: [x] } });
    await eventually(() => model.waiting.length === 1);

    model.waiting[0]?.fail(new TypeError("secret"));

    const reply = await asked;
    expect([reply.status, reply.bytes.includes("secret")]).toEqual([500, false]);
    expect(fixture.defects.splice(0)).toMatchObject([{ message: "secret" }]);
  });
});

describe("a request that is not one", () => {
  test.each([
    ["/", "GET", 404],
    ["/v2/models", "GET", 404],
    ["/v2/models/digits/versions", "GET", 404],
    ["/v2/models/%E0%A4%A/ready", "GET", 404],
    ["/v2/health/live", "POST", 405],
    [infer, "GET", 405],
  ])("%s %s is refused with %i", async (path, method, status) => {
    await activate();

    expect(await fixture.ask({ path, method })).toMatchObject({ status });
  });

  test("for a path there is not is told which there are", async () => {
    const { json } = await fixture.ask({ path: "/v2/models" });

    expect(json()).toEqual({
      error: textLike(/^expected \/v2\/models\/\{model\}.*, got \/v2\/models$/),
    });
  });

  test("encoded is refused", async () => {
    await activate();

    const headers = { "Content-Encoding": "gzip" };
    expect(await fixture.ask({ path: infer, body: {}, headers })).toMatchObject({ status: 415 });
  });
});
