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

/** What a scan looks at. Each visit may pause. */
export interface GraphVisitor {
  readonly tensor: (span: Span) => Pauses;
  readonly sparseTensor: (span: Span) => Pauses;
  readonly node: (span: Span) => Pauses;
}

/** Work in stretches: whoever runs it may let others work between two of them. */
export type Pauses = Generator<void, void, void>;

/**
 * Visits every weight, constant and node of a graph, also those in the bodies of its control-flow nodes.
 *
 * @throws ModelFormatError MODEL_FORMAT, or what a visit throws
 */
export function* walkGraph(
  reader: MessageReader,
  span: Span,
  visitor: GraphVisitor,
  depth = 0,
): Pauses {
  if (depth > onnxLimits.nestingMax) {
    throw new ModelFormatError(
      "MODEL_FORMAT",
      `expected an ONNX model with graphs nested at most ${onnxLimits.nestingMax} deep, got more`,
    );
  }
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.kind !== "bytes") continue;
    if (field.number === graph.initializer) yield* visitor.tensor(field.span);
    if (field.number === graph.sparseInitializer) yield* visitor.sparseTensor(field.span);
    if (field.number === graph.node) yield* walkNode(reader, field.span, visitor, depth);
  }
}

/** A node of a graph, or of a function of the model, which has no weights of its own. */
export function* walkNode(
  reader: MessageReader,
  span: Span,
  visitor: GraphVisitor,
  depth = 0,
): Pauses {
  yield* visitor.node(span);
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.kind === "bytes" && field.number === node.attribute) {
      yield* walkAttribute(reader, field.span, visitor, depth);
    }
  }
}

/** Also the value an attribute of a function has when its caller gives none. */
export function* walkAttribute(
  reader: MessageReader,
  span: Span,
  visitor: GraphVisitor,
  depth = 0,
): Pauses {
  for (const field of reader.fields(span)) {
    if (reader.isPauseDue()) yield;
    if (field.kind !== "bytes") continue;
    const { number } = field;
    if (number === attribute.tensor || number === attribute.tensors)
      yield* visitor.tensor(field.span);
    if (number === attribute.sparse || number === attribute.sparses)
      yield* visitor.sparseTensor(field.span);
    if (number === attribute.graph || number === attribute.graphs) {
      yield* walkGraph(reader, field.span, visitor, depth + 1);
    }
  }
}
