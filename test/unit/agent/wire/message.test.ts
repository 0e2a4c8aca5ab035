import { runnerLimits, type TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { encodeFrame, type Frame, FrameDecoder } from "../../../../agent/src/wire/frame.ts";
import {
  encodeMessage,
  parseRunnerAnswer,
  parseRunnerRequest,
  type RunnerAnswer,
  type RunnerRequest,
} from "../../../../agent/src/wire/message.ts";

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
  expect(parseRunnerRequest(through(request))).toEqual(request);
});

test.each(answers)("a $kind answer arrives as it was sent", (answer) => {
  expect(parseRunnerAnswer(through(answer))).toEqual(answer);
});

describe("an answer that is not one", () => {
  const tensor = { name: "y", dtype: "float32", shape: [2], bytes: 8 };
  const withTensor = (changes: object) => ({
    kind: "answer",
    id: 1,
    tensors: [{ ...tensor, ...changes }],
  });

  test.each([
    ["an unknown kind", { kind: "sing", id: 1 }, "known kind"],
    ["no id", { kind: "pong" }, "id to be a whole number"],
    ["a list", [], "an answer to be an object"],
    ["an unknown code", { kind: "failed", id: 1, code: "OOPS", message: "" }, "known failure code"],
    ["an unknown element type", withTensor({ dtype: "float8" }), "known element type"],
    ["an inherited element type", withTensor({ dtype: "toString" }), "known element type"],
    ["a negative dimension", withTensor({ shape: [-1] }), "dimension to be a whole number"],
    [
      "a shape of other length",
      withTensor({ shape: [3] }),
      "expected 12 bytes for tensor y, got 8",
    ],
    ["more bytes than came", withTensor({ bytes: 16 }), "expected 16 bytes of tensors, got 8"],
    [
      "bytes nobody asked for",
      { kind: "answer", id: 1, tensors: [] },
      "expected 0 bytes of tensors",
    ],
  ])("is refused: %s", (_, header, message) => {
    const frame = decode(encodeFrame(header, [new Uint8Array(8)], runnerLimits));

    expect(() => parseRunnerAnswer(frame)).toThrow(message);
  });

  test.each([
    ["an element longer than the rest", [2], "0300000061620000"],
    ["fewer elements than the shape says", [3], "0000000000000000"],
    ["a length cut in two", [2], "0200000061620000"],
  ])("is refused: texts with %s", (_, shape, hex) => {
    const header = withTensor({ dtype: "string", shape });
    const frame = decode(encodeFrame(header, [Buffer.from(hex, "hex")], runnerLimits));

    expect(() => parseRunnerAnswer(frame)).toThrow("whole texts in tensor y");
  });

  test("is accepted when all of that is right", () => {
    const frame = decode(encodeFrame(withTensor({}), [new Uint8Array(8)], runnerLimits));

    expect(parseRunnerAnswer(frame)).toMatchObject({ kind: "answer", id: 1 });
  });
});

function through(message: RunnerRequest | RunnerAnswer): Frame {
  return decode(encodeMessage(message, runnerLimits));
}

function decode(chunks: readonly Uint8Array[]): Frame {
  const [frame] = new FrameDecoder(runnerLimits).push(Buffer.concat(chunks));
  if (frame === undefined) throw new TypeError("expected one frame");
  return frame;
}
