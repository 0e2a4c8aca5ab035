import { onnxLimits } from "../../limits.ts";
import type { MessageReader, Span } from "./message-reader.ts";
import { ModelFormatError } from "./model-format-error.ts";

/** Field numbers of onnx.proto3. */
const graph = { node: 1, initializer: 5, sparseInitializer: 15 } as const;
const node = { attribute: 5 } as const;
const attribute = {
  tensor: 5,
  graph: 6,
  tensors: 10,
  graphs: 11,
  sparse: 22,
  sparses: 23,
} as const;
const tensor = { name: 8, externalData: 13, dataLocation: 14 } as const;
const sparse = { values: 1, indices: 2 } as const;
const EXTERNAL = 1;

/**
 * Refuses a graph whose weights lie in another file, also in the bodies of its control-flow nodes: a release is
 * complete by its signed files, and such a reference may point anywhere on the device.
 *
 * @throws ModelFormatError EXTERNAL_DATA | MODEL_FORMAT
 */
export function refuseExternalData(reader: MessageReader, span: Span, depth = 0): void {
  if (depth > onnxLimits.nestingMax) {
    throw new ModelFormatError(
      "MODEL_FORMAT",
      `expected an ONNX model with graphs nested at most ${onnxLimits.nestingMax} deep, got more`,
    );
  }
  for (const field of reader.fields(span)) {
    if (field.kind !== "bytes") continue;
    if (field.number === graph.initializer) checkTensor(reader, field.span);
    if (field.number === graph.sparseInitializer) checkSparse(reader, field.span);
    if (field.number === graph.node) checkNode(reader, field.span, depth);
  }
}

/** The nodes of a function of the model, which has no initializers of its own. */
export function refuseExternalDataInNode(reader: MessageReader, span: Span): void {
  checkNode(reader, span, 0);
}

/** The value an attribute of a function has when its caller gives none. */
export function refuseExternalDataInAttribute(reader: MessageReader, span: Span): void {
  checkAttribute(reader, span, 0);
}

function checkNode(reader: MessageReader, span: Span, depth: number): void {
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === node.attribute) {
      checkAttribute(reader, field.span, depth);
    }
  }
}

function checkAttribute(reader: MessageReader, span: Span, depth: number): void {
  for (const field of reader.fields(span)) {
    if (field.kind !== "bytes") continue;
    const { number } = field;
    if (number === attribute.tensor || number === attribute.tensors)
      checkTensor(reader, field.span);
    if (number === attribute.sparse || number === attribute.sparses)
      checkSparse(reader, field.span);
    if (number === attribute.graph || number === attribute.graphs) {
      refuseExternalData(reader, field.span, depth + 1);
    }
  }
}

function checkSparse(reader: MessageReader, span: Span): void {
  for (const field of reader.fields(span)) {
    if (field.kind !== "bytes") continue;
    if (field.number === sparse.values || field.number === sparse.indices) {
      checkTensor(reader, field.span);
    }
  }
}

function checkTensor(reader: MessageReader, span: Span): void {
  let name = "";
  let external = false;
  for (const field of reader.fields(span)) {
    if (field.kind === "bytes" && field.number === tensor.name) name = reader.text(field.span);
    if (field.number === tensor.externalData) external = true;
    if (field.kind === "varint" && field.number === tensor.dataLocation) {
      external ||= field.value === EXTERNAL;
    }
  }
  if (!external) return;
  throw new ModelFormatError(
    "EXTERNAL_DATA",
    `expected an ONNX model with its weights inside, got weight ${name} in another file: save the model with its weights in one file`,
  );
}
