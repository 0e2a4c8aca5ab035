import { onnxLimits } from "../../limits.ts";
import type { TensorSpec } from "../tensor-spec.ts";
import { checkSparseTensor, checkTensor } from "./check-tensor.ts";
import { ForeignOperators } from "./foreign-operators.ts";
import { MessageReader, type ReadBytes, type Span } from "./message-reader.ts";
import { ModelFormatError } from "./model-format-error.ts";
import { readValue, readValueName } from "./read-value.ts";
import {
  type GraphVisitor,
  type Pauses,
  walkAttribute,
  walkGraph,
  walkNode,
} from "./walk-graph.ts";

export type { ReadBytes } from "./message-reader.ts";

/** Field numbers of onnx.proto3. */
const model = { irVersion: 1, graph: 7, opsetImport: 8, training: 20, functions: 25 } as const;
const graph = { initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const training = { initialization: 1, algorithm: 2 } as const;
const functionProto = { node: 7, attributeDefault: 11 } as const;
const opset = { domain: 1, version: 2 } as const;
const TENSOR_NAME = 8;
const SPARSE_VALUES = 1;
const DEFAULT_DOMAINS: readonly string[] = ["", "ai.onnx"];

/** What an ONNX file says about itself. */
export interface OnnxScan {
  /** Version of the intermediate representation. */
  readonly ir: number;
  /** Version of the default operator set; the highest of any, where the default one is not used. */
  readonly opset: number;
  /** Every operator set, by domain; the default one is the empty string. */
  readonly opsets: ReadonlyMap<string, number>;
  /** What a caller has to give: inputs that are not weights with a default. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A scan under way: each `next` is a short stretch of it, the last one returns what was found. */
export type OnnxScanning = Generator<void, OnnxScan, void>;

/** The whole scan at once; see {@link scanOnnxSteps}. */
export function scanOnnx(sizeBytes: number, read: ReadBytes): OnnxScan {
  const scanning = scanOnnxSteps(sizeBytes, read);
  for (;;) {
    const step = scanning.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Reads what a device and a publisher must know of an ONNX file, without loading it and without its weights.
 * Every byte is accounted for: a cut or extended file is refused, and so is one that needs another file, an operator
 * that no runtime of ours has, or that declares weights of another size than it brings.
 *
 * It yields now and then, so that a device that serves meanwhile can answer in between.
 *
 * @param sizeBytes size of the file
 * @throws ModelFormatError MODEL_FORMAT | EXTERNAL_DATA | OPERATOR
 */
export function* scanOnnxSteps(sizeBytes: number, read: ReadBytes): OnnxScanning {
  const reader = new MessageReader(sizeBytes, read);
  const operators = new ForeignOperators(reader);
  const visitor: GraphVisitor = {
    tensor: (span) => checkTensor(reader, span),
    sparseTensor: (span) => checkSparseTensor(reader, span),
    node: (span) => operators.noteNode(span),
  };
  const { ir, opsets, graphSpan, functions, trainings } = yield* readModel(reader);
  if (ir === undefined || ir < 1) throw missing("the version of its format");
  if (opsets.size === 0) throw missing("the operator set it is written in");
  if (graphSpan === undefined) throw missing("a graph");
  for (const span of functions) yield* checkFunction(reader, span, { visitor, operators });
  for (const span of trainings) yield* checkTraining(reader, span, visitor);
  yield* walkGraph(reader, graphSpan, visitor);
  operators.refuse();
  return { ir, opset: mainOpset(opsets), opsets, ...(yield* readGraph(reader, graphSpan)) };
}

function* readModel(reader: MessageReader) {
  let ir: number | undefined;
  let graphSpan: Span | undefined;
  const opsets = new Map<string, number>();
  const functions: Span[] = [];
  const trainings: Span[] = [];
  for (const field of reader.fields({ from: 0, until: reader.sizeBytes })) {
    if (reader.isPauseDue()) yield;
    if (field.kind === "varint" && field.number === model.irVersion) ir = field.value;
    if (field.kind !== "bytes") continue;
    if (field.number === model.opsetImport) addOpset(reader, field.span, opsets);
    if (field.number === model.functions) functions.push(field.span);
    if (field.number === model.training) trainings.push(field.span);
    if (field.number !== model.graph) continue;
    if (graphSpan !== undefined)
      throw new ModelFormatError("MODEL_FORMAT", "expected an ONNX model with one graph, got two");
    graphSpan = field.span;
  }
  return { ir, opsets, graphSpan, functions, trainings };
}

function* readGraph(reader: MessageReader, span: Span) {
  const weights = new Set<string>();
  const inputs: TensorSpec[] = [];
  const outputs: TensorSpec[] = [];
  const inputSpans: Span[] = [];
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.kind !== "bytes") continue;
    if (field.number === graph.initializer) addName(reader, field.span, weights);
    if (field.number === graph.sparseInitializer) addSparseName(reader, field.span, weights);
    if (field.number === graph.input) inputSpans.push(field.span);
    if (field.number === graph.output) outputs.push(readValue(reader, field.span, "output"));
  }
  for (const input of inputSpans) {
    if (reader.isPauseDue()) yield;
    const isWeight = weights.has(readValueName(reader, input));
    if (!isWeight) inputs.push(readValue(reader, input, "input"));
  }
  return { inputs, outputs };
}

function addOpset(reader: MessageReader, span: Span, opsets: Map<string, number>): void {
  let domain = "";
  let version = 0;
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === opset.domain) domain = reader.text(field.span);
    if (field.kind === "varint" && field.number === opset.version) version = field.value;
  }
  const name = DEFAULT_DOMAINS.includes(domain) ? "" : domain;
  opsets.set(name, Math.max(version, opsets.get(name) ?? 0));
}

function mainOpset(opsets: ReadonlyMap<string, number>): number {
  return opsets.get("") ?? Math.max(...opsets.values());
}

function* checkFunction(
  reader: MessageReader,
  span: Span,
  { visitor, operators }: { readonly visitor: GraphVisitor; readonly operators: ForeignOperators },
): Pauses {
  yield* operators.noteFunction(span);
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.kind !== "bytes") continue;
    if (field.number === functionProto.node) yield* walkNode(reader, field.span, visitor);
    if (field.number === functionProto.attributeDefault) {
      yield* walkAttribute(reader, field.span, visitor);
    }
  }
}

/** What a model was trained with is not run here, and still leads to no other file. */
function* checkTraining(reader: MessageReader, span: Span, visitor: GraphVisitor): Pauses {
  for (const field of reader.fields(span)) {
    if (field.kind !== "bytes") continue;
    if (field.number === training.initialization || field.number === training.algorithm) {
      yield* walkGraph(reader, field.span, visitor);
    }
  }
}

function addSparseName(reader: MessageReader, span: Span, names: Set<string>): void {
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === SPARSE_VALUES)
      addName(reader, field.span, names);
  }
}

function addName(reader: MessageReader, span: Span, names: Set<string>): void {
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === TENSOR_NAME) names.add(reader.text(field.span));
  }
  if (names.size > onnxLimits.initializersMax) {
    throw new ModelFormatError(
      "MODEL_FORMAT",
      `expected an ONNX model with at most ${onnxLimits.initializersMax} weights, got more`,
    );
  }
}

function missing(what: string): ModelFormatError {
  return new ModelFormatError(
    "MODEL_FORMAT",
    `expected an ONNX model: the file does not say ${what}`,
  );
}
