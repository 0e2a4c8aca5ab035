import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { type ApiFixture, apiFixture } from "../../../support/agent/api-fixture.ts";
import { type FakeModelOptions, fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import {
  changed,
  compressed,
  kserve,
  type RecordedRequest,
  tritonAllOutputs,
  tritonPython,
} from "../../../support/agent/recorded-oip.ts";
import { eventually } from "../../../support/eventually.ts";

const greeting: Tensor = {
  name: "OUTPUT1",
  dtype: "string",
  shape: [1],
  bytes: Buffer.from("\u0002\u0000\u0000\u0000ok"),
};

let fixture: ApiFixture;
beforeEach(async () => {
  fixture = await apiFixture();
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function serveSimple(changes: Partial<FakeModelOptions> = {}) {
  const model = fakeModel({
    version: "1.0.0",
    model: "simple",
    inputs: [
      { name: "INPUT0", dtype: "float32", shape: [1, 2] },
      { name: "INPUT1", dtype: "string", shape: [-1] },
    ],
    outputs: [
      { name: "OUTPUT0", dtype: "float32", shape: [1] },
      { name: "OUTPUT1", dtype: "string", shape: [1] },
    ],
    reply: [floatTensor("OUTPUT0", [1], [0.25]), greeting],
    ...changes,
  });
  await fixture.activate(model);
  return model;
}

async function send({ path, headers, body }: RecordedRequest) {
  const pairs = headers.map((line) => line.split(": ") as [string, string]);
  const reply = await fixture.ask({ path, body, headers: Object.fromEntries(pairs) });
  const length = Number(reply.headers["inference-header-content-length"] ?? reply.bytes.length);
  const head: unknown = JSON.parse(reply.bytes.subarray(0, length).toString());
  return { ...reply, head, binary: reply.bytes.subarray(length) };
}

describe("S22: a recorded request", () => {
  test("of Triton's client with an id, a version and one output gets that output, binary", async () => {
    const model = await serveSimple({ answersAtOnce: false });

    const asked = send(tritonPython);
    await eventually(() => model.waiting.length === 1);
    const inputs = model.waiting[0]?.inputs.map(({ name, bytes }) => [name, Buffer.from(bytes)]);
    model.waiting[0]?.answer();
    const reply = await asked;

    expect(reply.status).toBe(200);
    expect(reply.headers["content-type"]).toBe("application/octet-stream");
    expect(reply.headers["content-encoding"]).toBeUndefined();
    expect(reply.head).toEqual({
      model_name: "simple",
      model_version: "1.0.0",
      id: "my request id",
      outputs: [
        { name: "OUTPUT1", datatype: "BYTES", shape: [1], parameters: { binary_data_size: 6 } },
      ],
    });
    expect(reply.binary).toEqual(greeting.bytes);
    expect(inputs).toEqual([
      ["INPUT0", Buffer.from(Float32Array.of(0.5, -2).buffer)],
      ["INPUT1", Buffer.from("\u0003\u0000\u0000\u0000né\u0000\u0000\u0000\u0000")],
    ]);
  });

  test("of Triton's client that names no output gets all of them, binary, in the model's order", async () => {
    await serveSimple();

    const { status, head, binary } = await send(tritonAllOutputs);

    expect(status).toBe(200);
    expect(head).toMatchObject({
      outputs: [
        { name: "OUTPUT0", parameters: { binary_data_size: 4 } },
        { name: "OUTPUT1", parameters: { binary_data_size: 6 } },
      ],
    });
    expect(head).not.toHaveProperty("id");
    expect(binary).toEqual(
      Buffer.concat([Buffer.from(Float32Array.of(0.25).buffer), greeting.bytes]),
    );
  });

  test("of KServe's client gets JSON with its id", async () => {
    await serveSimple();

    const { status, headers, head } = await send(kserve);

    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(head).toEqual({
      model_name: "simple",
      model_version: "1.0.0",
      id: "d3f5ba3d-7a34-4f0a-ae53-6bd9a2f2cba5",
      outputs: [
        { name: "OUTPUT0", datatype: "FP32", shape: [1], data: [0.25] },
        { name: "OUTPUT1", datatype: "BYTES", shape: [1], data: ["ok"] },
      ],
    });
  });

  test.each([
    ["compressed", compressed, 415, "ENCODING"],
    ["for a model nobody serves", at("/v2/models/cats/infer"), 404, "UNKNOWN_MODEL"],
    ["for a version nobody serves", at("/v2/models/simple/versions/9/infer"), 404, "UNKNOWN_MODEL"],
    ["of another shape", shaped([1, 3]), 400, "BAD_TENSOR"],
    ["with fewer elements than its shape", shaped([2, 2]), 400, "BAD_TENSOR"],
    ["with its tensors in shared memory", inSharedMemory("inputs"), 400, "FORMAT"],
    ["with its answer in shared memory", inSharedMemory("outputs"), 400, "FORMAT"],
    ["for classes instead of tensors", classes(), 400, "FORMAT"],
  ] as const)("%s is refused in the specification's form", async (_, request, status, code) => {
    await serveSimple();

    const reply = await send(request);

    expect([reply.status, reply.headers["modelfleet-error"]]).toEqual([status, code]);
    expect(Object.keys(reply.head as object)).toEqual(["error"]);
    expect((reply.head as { readonly error: unknown }).error).toBeTypeOf("string");
  });

  test("beyond what a model can take is refused with 429 and when to come again", async () => {
    const model = await serveSimple({ answersAtOnce: false });
    const replies: Awaited<ReturnType<typeof send>>[] = [];
    const asked = Array.from({ length: 80 }, async () => replies.push(await send(kserve)));
    await eventually(() => replies.length > 0);

    const refused = replies[0];
    const all = Promise.all(asked);
    await eventually(() => {
      for (const waiting of model.waiting.splice(0)) waiting.answer();
      return replies.length === 80;
    });
    await all;

    const statuses = replies.map(({ status }) => status).sort();
    // 64 wait, and those that the runner has already.
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(64);
    expect([statuses.at(-1), refused?.status]).toEqual([429, 429]);
    expect(refused?.headers["modelfleet-error"]).toBe("OVERLOADED");
    expect(Number(refused?.headers["retry-after"])).toBeGreaterThanOrEqual(1);
  });
});

function at(path: string): RecordedRequest {
  return { ...kserve, path };
}

function shaped(shape: readonly number[]): RecordedRequest {
  return changed(kserve, ({ inputs }) => Object.assign((inputs as object[])[0] ?? {}, { shape }));
}

function inSharedMemory(side: "inputs" | "outputs"): RecordedRequest {
  const parameters = { shared_memory_region: "input_data", shared_memory_byte_size: 8 };
  return changed(kserve, (request) =>
    Object.assign((request[side] as object[])[0] ?? {}, { parameters }),
  );
}

function classes(): RecordedRequest {
  const parameters = { classification: 3 };
  return changed(kserve, ({ outputs }) =>
    Object.assign((outputs as object[])[0] ?? {}, { parameters }),
  );
}
