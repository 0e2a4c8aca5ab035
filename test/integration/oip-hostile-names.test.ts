import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { type FakeModel, fakeModel } from "../support/agent/fake-model.ts";
import { floatTensor } from "../support/agent/floats.ts";

/** Names a model's file may have for its tensors: levels and wildcards of topics, paths, JSON, headers, label text. */
const names = [
  "a/b",
  "../../etc/passwd",
  "#",
  "+/+",
  'x"},{"name":"y',
  "line\r\nset-cookie: a=b",
  'label"} 1\nother 2',
  "\u2028\u0000\u007f",
  "__proto__",
  "constructor",
];

let api: ApiFixture;
let model: FakeModel;
beforeAll(async () => {
  api = await apiFixture();
  const spec = (name: string) => ({ name, dtype: "float32" as const, shape: [-1, 1] });
  model = fakeModel({
    version: "1.0.0",
    inputs: names.map(spec),
    outputs: names.map((name) => spec(`${name} out`)),
    says: (inputs) => inputs.map((input) => ({ ...input, name: `${input.name} out` })),
    serving: { batch: { rowsMax: 8 } },
  });
  await api.activate(model);
});
afterAll(async () => {
  expect(api.defects).toEqual([]);
  await api[Symbol.asyncDispose]();
});

const inputs = (value: number) =>
  names.map((name, i) => ({ name, datatype: "FP32", shape: [1, 1], data: [value + i] }));
const path = "/v2/models/digits/infer";

test("S29: hostile tensor names are values in metadata and answers, and nothing else", async () => {
  const metadata = await api.ask({ path: "/v2/models/digits" });
  const answer = await api.ask({ path, body: { inputs: inputs(1) } });

  expect(namesIn(metadata.json(), "inputs")).toEqual(names);
  expect(answer.status).toBe(200);
  expect(namesIn(answer.json(), "outputs")).toEqual(names.map((name) => `${name} out`));
  expectPlainHeaders(metadata.headers);
  expectPlainHeaders(answer.headers);
});

test("S29: a refusal that quotes a hostile name is one JSON object, and its headers quote none", async () => {
  for (const [i, name] of names.entries()) {
    const bad = inputs(1).map((input, at) => (at === i ? { ...input, shape: [1, 2] } : input));

    const refused = await api.ask({ path, body: { inputs: bad } });

    expect(refused.status, name).toBe(400);
    expect(Object.keys(refused.json() as object)).toEqual(["error"]);
    expectPlainHeaders(refused.headers);
  }
});

test("S29: a batch of requests with hostile names gives everybody their own rows", async () => {
  const router = api.router;
  const ask = async (value: number) => {
    const tensors = names.map((name, i) => floatTensor(name, [1, 1], [value + i]));
    const reply = await router.infer({
      slot: router.slots()[0]?.slot ?? fail(),
      inputs: tensors,
      timeoutMs: 5_000,
    });
    return reply.outputs.map(({ bytes }) => new Float32Array(Uint8Array.from(bytes).buffer)[0]);
  };

  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(100 * i)));

  expect(answers).toEqual(answers.map((_, i) => names.map((__, at) => 100 * i + at)));
});

function fail(): never {
  throw new TypeError("expected an active slot");
}

function namesIn(json: unknown, list: "inputs" | "outputs"): readonly string[] {
  const tensors = (json as Record<string, readonly { readonly name: string }[]>)[list] ?? [];
  return tensors.map(({ name }) => name);
}

/** A name that got into a header would have split it, or be found in it. */
function expectPlainHeaders(headers: object): void {
  expect(headers).not.toHaveProperty("set-cookie");
  const text = JSON.stringify(headers);
  for (const name of ["a/b", "etc/passwd", "__proto__", "label"]) expect(text).not.toContain(name);
}
