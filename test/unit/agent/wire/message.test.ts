import { runnerLimits, type TensorSpec } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeFrame,
  FrameDecoder,
  headerBytes,
  type ReadBody,
} from "../../../../agent/src/wire/frame.ts";
import {
  type RunnerAnswer,
  type RunnerRequest,
  readRunnerAnswer,
  readRunnerRequest,
} from "../../../../agent/src/wire/message.ts";
import { MessageEncoder } from "../../../../agent/src/wire/message-encoder.ts";
import type { WireTensor } from "../../../../agent/src/wire/wire-tensor.ts";

const tensors = [
  { name: "a", dtype: "int8", shape: [3], bytes: Buffer.from([1, 2, 3]) },
  { name: "", dtype: "float64", shape: [], bytes: Buffer.alloc(8, 7) },
  { name: "empty", dtype: "float32", shape: [0, 784], bytes: Buffer.alloc(0) },
  { name: "text", dtype: "string", shape: [1], bytes: Buffer.from([2, 0, 0, 0, 104, 105]) },
] as const;

const requests: readonly RunnerRequest[] = [
  { kind: "start", id: 5, runtime: "tfjs-wasm" },
  { kind: "load", id: 1, path: "/models/a.onnx", weights: ["/models/w"], threads: 2 },
  { kind: "infer", id: 2, tensors, outputs: ["y"] },
  { kind: "ping", id: 3 },
  { kind: "stop", id: 4 },
];

const spec: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 784] };
const answers: readonly RunnerAnswer[] = [
  { kind: "started", id: 5, runtime: "onnxruntime-node 1.30.0" },
  { kind: "loaded", id: 1, inputs: [spec], outputs: [] },
  { kind: "answer", id: 2, tensors },
  { kind: "failed", id: 3, code: "RUN_FAILED", message: "no" },
  { kind: "pong", id: 4 },
];

test.each(requests)("a $kind request arrives as it was sent", (request) => {
  expect(through([request], readRunnerRequest)).toEqual([request]);
});

test.each(answers)("a $kind answer arrives as it was sent", (answer) => {
  expect(through([answer], readRunnerAnswer)).toEqual([answer]);
});

describe("messages that are like the one before", () => {
  const tensor = (name: string, shape: readonly number[], fill: number): WireTensor => {
    const elements = shape.reduce((product, size) => product * size, 1);
    return { name, dtype: "uint8", shape, bytes: Buffer.alloc(elements, fill) };
  };

  test("arrive as they were sent, whatever of them is the same", () => {
    const form = fc.record({
      name: fc.constantFrom("x", "y"),
      shape: fc.constantFrom([2, 3], [3, 2], [6], []),
      fill: fc.nat(255),
    });
    const message = fc.record({
      tensors: fc.array(form, { maxLength: 2 }),
      outputs: fc.constantFrom([], ["y"], ["y", "z"]),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), (made) => {
        const asked = made.map(({ tensors: forms, outputs }, id) => ({
          ...{ kind: "infer" as const, id, outputs },
          tensors: forms.map(({ name, shape, fill }) => tensor(name, shape, fill)),
        }));

        expect(through(asked, readRunnerRequest)).toEqual(asked);
      }),
    );
  });

  test("of another element type, or whose list of sizes was changed, have a header of their own", () => {
    const encoder = new MessageEncoder(runnerLimits);
    const decoder = new FrameDecoder(runnerLimits, readRunnerRequest);
    const shape = [2, 3];
    const ask = (changes: object) => {
      const tensors = [{ ...tensor("x", shape, 1), ...changes }];
      const chunks = encoder.encode({ kind: "infer", id: 1, tensors, outputs: [] });
      return decoder.push(Buffer.concat(chunks));
    };

    expect(ask({})).toMatchObject([{ tensors: [{ dtype: "uint8", shape: [2, 3] }] }]);
    expect(ask({ dtype: "bool" })).toMatchObject([{ tensors: [{ dtype: "bool" }] }]);
    shape.reverse();
    expect(ask({})).toMatchObject([{ tensors: [{ dtype: "uint8", shape: [3, 2] }] }]);
  });
});

describe("an answer that is not one", () => {
  const tensor = { name: "y", dtype: "float32", shape: [2], bytes: 8 };
  const withTensor = (changes: object) => ({
    kind: "answer",
    tensors: [{ ...tensor, ...changes }],
  });

  test.each([
    ["an unknown kind", { kind: "sing" }, "known kind"],
    ["a list", [], "an answer to be an object"],
    ["an unknown code", { kind: "failed", code: "OOPS", message: "" }, "known failure code"],
    ["an unknown element type", withTensor({ dtype: "float8" }), "known element type"],
    ["an inherited element type", withTensor({ dtype: "toString" }), "known element type"],
    ["a negative dimension", withTensor({ shape: [-1] }), "dimension to be a whole number"],
    [
      "a shape of other length",
      withTensor({ shape: [3] }),
      "expected 12 bytes for tensor y, got 8",
    ],
    [
      "more bytes than came",
      withTensor({ shape: [4], bytes: 16 }),
      "expected 16 bytes of tensors, got 8",
    ],
    ["bytes nobody asked for", { kind: "answer", tensors: [] }, "expected 0 bytes of tensors"],
  ])("is refused: %s", (_, header, message) => {
    expect(() => answerOf(header, new Uint8Array(8))).toThrow(message);
  });

  test.each([
    ["an element longer than the rest", [2], "0300000061620000"],
    ["fewer elements than the shape says", [3], "0000000000000000"],
    ["a length cut in two", [2], "0200000061620000"],
  ])("is refused: texts with %s", (_, shape, hex) => {
    const header = withTensor({ dtype: "string", shape });

    expect(() => answerOf(header, Buffer.from(hex, "hex"))).toThrow("whole texts in tensor y");
  });

  test("is accepted when all of that is right", () => {
    const answer = answerOf(withTensor({}), new Uint8Array(8));

    expect(answer).toMatchObject([{ kind: "answer", id: 7 }]);
  });

  test("is refused for its bytes also when its header is that of a right one", () => {
    const decoder = new FrameDecoder(runnerLimits, readRunnerAnswer);
    const push = (bytes: number) =>
      decoder.push(answerBytes(withTensor({}), new Uint8Array(bytes)));

    expect(push(8)).toHaveLength(1);
    expect(() => push(16)).toThrow("expected 8 bytes of tensors, got 16");
    expect(() => push(0)).toThrow("expected 8 bytes of tensors, got 0");
  });
});

/** All of one conversation. */
function through<Message>(
  messages: readonly (RunnerRequest | RunnerAnswer)[],
  read: (header: unknown) => ReadBody<Message>,
): Message[] {
  const encoder = new MessageEncoder(runnerLimits);
  const decoder = new FrameDecoder(runnerLimits, read);
  return messages.flatMap((message) => decoder.push(Buffer.concat(encoder.encode(message))));
}

function answerOf(header: unknown, body: Uint8Array): RunnerAnswer[] {
  return new FrameDecoder(runnerLimits, readRunnerAnswer).push(answerBytes(header, body));
}

function answerBytes(header: unknown, body: Uint8Array): Buffer {
  const frame = { id: 7, header: headerBytes(header), parts: [body] };
  return Buffer.concat(encodeFrame(frame, runnerLimits));
}
