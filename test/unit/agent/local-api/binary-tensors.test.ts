import { InferResponse, type TensorSpec } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { type FakeModel, fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { eventually } from "../../../support/eventually.ts";

const x = { name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] };
const infer = "/v2/models/digits/infer";
const half: Tensor = {
  name: "h",
  dtype: "float16",
  shape: [2],
  bytes: new Uint8Array([0, 0x3c, 0, 0xc0]),
};

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

describe("an answer in binary", () => {
  test.each([
    ["none", 0],
    ["as many as leave in one write with their head", 16_384],
    ["many more", 100_000],
  ])("carries every value of a byte, of bytes %s", async (_, length) => {
    const bytes = Uint8Array.from({ length }, (__, i) => i % 256);
    const reply: Tensor[] = [{ name: "ÿ—y", dtype: "uint8", shape: [length], bytes }];
    await activate({ outputs: [{ name: "ÿ—y", dtype: "uint8", shape: [-1] }], reply });

    const body = JSON.stringify({ inputs: [x], parameters: { binary_data_output: true } });
    const answer = await fixture.ask({ path: infer, body: Buffer.from(body) });

    const headLength = Number(answer.headers["inference-header-content-length"]);
    expect(Number(answer.headers["content-length"])).toBe(headLength + length);
    expect(answer.bytes.toString("utf8", 0, headLength)).toContain('"name":"ÿ—y"');
    expect(answer.bytes.subarray(headLength)).toEqual(Buffer.from(bytes));
  });
});

test.each([
  1, 2, 3, 4, 5, 6, 7, 8,
])("the tensors of an answer begin where elements of eight bytes can be read, whatever its %i letters more", async (letters) => {
  const name = "y".repeat(letters);
  const reply: Tensor[] = [{ name, dtype: "uint8", shape: [3], bytes: Uint8Array.of(1, 2, 3) }];
  await activate({ outputs: [{ name, dtype: "uint8", shape: [-1] }], reply });

  const body = JSON.stringify({ inputs: [x], parameters: { binary_data_output: true } });
  const answer = await fixture.ask({ path: infer, body: Buffer.from(body) });

  const headLength = Number(answer.headers["inference-header-content-length"]);
  expect(headLength % 8).toBe(0);
  expect(JSON.parse(answer.bytes.toString("utf8", 0, headLength))).toMatchObject({
    outputs: [{ name }],
  });
  expect([...answer.bytes.subarray(headLength)]).toEqual([1, 2, 3]);
});

describe("an inference with binary tensors", () => {
  const binaryIn = (bytes: number) => ({
    ...x,
    data: undefined,
    parameters: { binary_data_size: bytes },
  });
  const send = (json: object, binary: Uint8Array, headerLength?: number | string) => {
    const head = Buffer.from(JSON.stringify(json));
    return fixture.ask({
      path: infer,
      body: Buffer.concat([head, binary]),
      headers: { "Inference-Header-Content-Length": String(headerLength ?? head.length) },
    });
  };
  const two = floatTensor("x", [1, 2], [1, 2]).bytes;

  test("both ways carries the bits", async () => {
    const odd = new Uint8Array([1, 0, 192, 127]);
    const model = await activate({
      answersAtOnce: false,
      reply: [{ name: "y", dtype: "float32", shape: [1, 1], bytes: odd }],
    });
    const asked = send({ inputs: [binaryIn(8)], parameters: { binary_data_output: true } }, two);
    await eventually(() => model.waiting.length === 1);
    expect(Buffer.from(model.waiting[0]?.inputs[0]?.bytes ?? [])).toEqual(Buffer.from(two));
    model.waiting[0]?.answer();
    const reply = await asked;

    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/octet-stream");
    const headLength = Number(reply.headers["inference-header-content-length"]);
    const head: unknown = JSON.parse(reply.bytes.subarray(0, headLength).toString());
    expect(InferResponse.parse(head).outputs).toEqual([
      { name: "y", datatype: "FP32", shape: [1, 1], parameters: { binary_data_size: 4 } },
    ]);
    expect(reply.bytes.subarray(headLength)).toEqual(Buffer.from(odd));
  });

  test("may want one output in binary and another in JSON, and leave one out", async () => {
    const spec = (name: string): TensorSpec => ({ name, dtype: "float32", shape: [1] });
    await activate({
      outputs: [spec("a"), { name: "h", dtype: "float16", shape: [2] }, spec("b")],
      reply: [half, floatTensor("a", [1], [5])],
    });
    const outputs = [{ name: "h", parameters: { binary_data: true } }, { name: "a" }];

    const reply = await send({ inputs: [binaryIn(8)], outputs }, two);

    const headLength = Number(reply.headers["inference-header-content-length"]);
    expect(JSON.parse(reply.bytes.subarray(0, headLength).toString())).toMatchObject({
      outputs: [
        { name: "h", datatype: "FP16", parameters: { binary_data_size: 4 } },
        { name: "a", datatype: "FP32", data: [5] },
      ],
    });
    expect(reply.bytes.subarray(headLength)).toEqual(Buffer.from(half.bytes));
  });

  test("is needed for an FP16 output", async () => {
    await activate({ outputs: [{ name: "h", dtype: "float16", shape: [2] }], reply: [half] });

    const reply = await fixture.ask({ path: infer, body: { inputs: [x] } });

    expect([reply.status, reply.json()]).toEqual([
      400,
      {
        error: "output h: expected the parameter binary_data true, since FP16 has no form in JSON",
      },
    ]);
  });

  test.each([
    [
      "a byte too few",
      [binaryIn(8)],
      two.subarray(1),
      "input x: expected 8 bytes of binary data, got 7",
    ],
    [
      "a byte too many",
      [binaryIn(8)],
      Buffer.concat([two, two.subarray(0, 1)]),
      "body: expected the end after the tensors, got 1 more bytes",
    ],
    [
      "a size that is not the shape's",
      [binaryIn(4)],
      two.subarray(4),
      "input x: expected 8 bytes, got 4",
    ],
    [
      "data as well",
      [{ ...x, parameters: { binary_data_size: 8 } }],
      two,
      "input x: expected either data or binary_data_size, got both",
    ],
    [
      "a size that is no number",
      [{ ...binaryIn(8), parameters: { binary_data_size: "8" } }],
      two,
      "input x: binary_data_size: expected a whole number of at least 0, got a text",
    ],
  ])("with %s is refused", async (_, inputs, bytes, error) => {
    await activate();

    const reply = await send({ inputs }, bytes);

    expect([reply.status, reply.json()]).toEqual([400, { error }]);
  });

  test("with a header length beyond the body, or none at all, is refused", async () => {
    await activate();

    expect((await send({ inputs: [binaryIn(8)] }, two, 9_999)).status).toBe(400);
    expect((await send({ inputs: [binaryIn(8)] }, two, "ten")).status).toBe(400);
    expect((await send({ inputs: [binaryIn(8)] }, two, -1)).status).toBe(400);
  });
});
