import { loadOnnxruntime } from "../../support/onnx/load-onnxruntime.ts";

/** Runs a model on the bare library and says how much processor time an inference took, ms. */
const { path, row, inferences } = JSON.parse(process.argv[2] ?? "null") as {
  readonly path: string;
  readonly row: readonly number[];
  readonly inferences: number;
};
const ort = await loadOnnxruntime();
const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
const x = new ort.Tensor("float32", Float32Array.from(row), [1, row.length]);
for (let i = 0; i < 10; i++) await session.run({ x });
const before = process.cpuUsage();
for (let i = 0; i < inferences; i++) await session.run({ x });
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / 1_000 / inferences);
