import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../agent/src/domain/serving/dtype-of.ts";
import { parseJsonTensor } from "../../agent/src/domain/serving/parse-json-tensor.ts";
import { writeJsonTensor } from "../../agent/src/domain/serving/write-json-tensor.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { bareModel } from "../support/agent/bare-runtime.ts";
import { identityModel } from "../support/agent/identity-model.ts";
import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { stageModel } from "../support/agent/staged-model.ts";

/** Bit patterns at the edges of each type; for floats both zeros, both infinities, subnormals and odd NaNs. */
const edges: Readonly<Record<Exclude<ElementType, "string">, ArrayBufferView>> = {
  bool: Uint8Array.of(0, 1, 1, 0),
  uint8: Uint8Array.of(0, 1, 128, 255),
  int8: Int8Array.of(0, -1, -128, 127),
  uint16: Uint16Array.of(0, 1, 32_768, 65_535),
  int16: Int16Array.of(0, -1, -32_768, 32_767),
  uint32: Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 1),
  int32: Int32Array.of(0, -1, -(2 ** 31), 2 ** 31 - 1),
  uint64: BigUint64Array.of(0n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n),
  int64: BigInt64Array.of(-1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n),
  float16: Uint16Array.of(0x8000, 0x7c00, 0x0001, 0x7e01),
  float32: Uint32Array.of(0x8000_0000, 0xff80_0000, 0x0000_0001, 0x7fc0_1234),
  float64: BigUint64Array.of(1n << 63n, 0xfff0n << 48n, 1n, 0x7ff8_0000_0000_1234n),
};

const texts = parseJsonTensor({
  name: "x",
  dtype: "string",
  shape: [4],
  data: ["", "né", "\u0001", "👍\n"],
});

function edgeTensor(dtype: ElementType): Tensor {
  if (dtype === "string") return texts;
  const { buffer, byteOffset, byteLength } = edges[dtype];
  return { name: "x", dtype, shape: [4], bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

const dtypes = Object.keys(elementTypes) as ElementType[];

describe.each(dtypes)("S21: %s", (dtype) => {
  test("is answered bit by bit as the bare library does, in binary and in JSON, of any shape", async () => {
    await using fixture = await apiFixture();
    await using runners = await runnerFixture();
    const onnx = identityModel({ dtype, shape: ["N"] });
    await using bare = await bareModel(onnx);
    const spec = (name: string) => ({ name, dtype, shape: [-1] });
    const staged = await stageModel(runners.folder.path, {
      onnx,
      io: { inputs: [spec("x")], outputs: [spec("y")] },
      golden: goldenOf(edgeTensor(dtype)),
    });
    const model = await runners.host.load(staged, new AbortController().signal, "trial");
    await fixture.activate(model);

    const empty = { ...edgeTensor(dtype), shape: [0], bytes: new Uint8Array(0) };
    for (const tensor of [edgeTensor(dtype), empty]) {
      const want = (await bare.run([tensor])).get("y");
      expect(want).toEqual(Buffer.from(tensor.bytes));
      expect(await askBinary(fixture, tensor)).toEqual(want);
      // FP16 has no form in JSON; a NaN keeps its payload only in binary.
      if (dtype !== "float16")
        expect(await askJson(fixture, tensor)).toBe(writeJsonTensor({ ...tensor, name: "y" }));
    }

    await model.stop();
    expect(fixture.defects).toEqual([]);
  });
});

test("S21: a scalar is a tensor of no dimensions", async () => {
  await using fixture = await apiFixture();
  await using runners = await runnerFixture();
  const spec = (name: string) => ({ name, dtype: "int64", shape: [] });
  const staged = await stageModel(runners.folder.path, {
    onnx: identityModel({ dtype: "int64", shape: [] }),
    io: { inputs: [spec("x")], outputs: [spec("y")] },
  });
  const model = await runners.host.load(staged, new AbortController().signal, "trial");
  await fixture.activate(model);
  const scalar: Tensor = {
    name: "x",
    dtype: "int64",
    shape: [],
    bytes: new Uint8Array(BigInt64Array.of(-7n).buffer),
  };

  expect(await askBinary(fixture, scalar)).toEqual(Buffer.from(scalar.bytes));
  expect(await askJson(fixture, scalar)).toBe(
    '{"name":"y","datatype":"INT64","shape":[],"data":[-7]}',
  );

  await model.stop();
});

test.each([
  ["is not UTF-8", 0xff, "input x: expected text in UTF-8"],
  [
    "holds a NUL, at which the runtime would cut it",
    0,
    "input x: expected text without the character NUL",
  ],
])("a text that %s is refused, not altered", async (_, byte, error) => {
  await using fixture = await apiFixture();
  await using runners = await runnerFixture();
  const spec = (name: string) => ({ name, dtype: "string", shape: [-1] });
  const staged = await stageModel(runners.folder.path, {
    onnx: identityModel({ dtype: "string", shape: ["N"] }),
    io: { inputs: [spec("x")], outputs: [spec("y")] },
  });
  const model = await runners.host.load(staged, new AbortController().signal, "trial");
  await fixture.activate(model);
  const bytes = new Uint8Array([2, 0, 0, 0, 0x61, byte]);

  const reply = await fixture.ask(
    binaryQuestion({ name: "x", dtype: "string", shape: [1], bytes }),
  );

  expect([reply.status, reply.json()]).toEqual([400, { error }]);
  await model.stop();
});

function goldenOf(tensor: Tensor): object {
  const { dtype } = tensor;
  // FP16 in a golden file is a JSON number: there is no binary part.
  const json = JSON.parse(writeJsonTensor(tensor)) as { readonly data: readonly unknown[] };
  const named = (name: string) => ({ ...json, name });
  expect(dtypeOf(elementTypes[dtype].oip, "x")).toBe(dtype);
  const compare = { kind: "allclose", atol: 0, rtol: 0 };
  return {
    spec: 1,
    finite: false,
    cases: [{ name: "edges", inputs: [named("x")], outputs: [named("y")], compare }],
  };
}

function binaryQuestion({ name, dtype, shape, bytes }: Tensor) {
  const head = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name,
          datatype: elementTypes[dtype].oip,
          shape,
          parameters: { binary_data_size: bytes.length },
        },
      ],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    path: "/v2/models/digits/infer",
    body: Buffer.concat([head, bytes]),
    headers: { "Inference-Header-Content-Length": String(head.length) },
  };
}

async function askBinary(fixture: ApiFixture, tensor: Tensor): Promise<Buffer> {
  const reply = await fixture.ask(binaryQuestion(tensor));
  expect(reply.status, reply.bytes.toString()).toBe(200);
  return Buffer.from(
    reply.bytes.subarray(Number(reply.headers["inference-header-content-length"])),
  );
}

/** The text of the one output, exactly as it was written. */
async function askJson(fixture: ApiFixture, tensor: Tensor): Promise<string> {
  const body = Buffer.from(`{"inputs":[${writeJsonTensor(tensor)}]}`);
  const reply = await fixture.ask({ path: "/v2/models/digits/infer", body });
  const text = reply.bytes.toString();
  expect(reply.status, text).toBe(200);
  return text.slice(text.indexOf('"outputs":[') + '"outputs":['.length, -"]}".length);
}
