import { endianness } from "node:os";
import { bytesField, floatField, integerField, message, textField } from "./protobuf-writer.ts";

/** Element types this encoder knows, with their number in `TensorProto.DataType`. */
const onnxElementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type OnnxElementType = keyof typeof onnxElementTypes;

/** `AttributeProto.AttributeType` of what {@link OnnxNode} may carry. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

/** An input or output of the graph. A dimension is a size, or a name where it is free. */
export type OnnxValue = {
  readonly name: string;
  readonly elementType: OnnxElementType;
  readonly shape: readonly (number | string)[];
};

/** A constant tensor of float32, row-major; `values` is as long as the product of `shape`. */
export type OnnxConstant = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
};

/** One operation. Attributes are floats or integers; say which, since 1 and 1.0 are one number here. */
export type OnnxNode = {
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<
    Record<string, { readonly float: number } | { readonly int: number }>
  >;
};

export type OnnxGraph = {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Version of the default operator set; 17 if absent. */
  readonly opset?: number;
};

/** Version 8 of the file format: read by onnxruntime 1.10 and later. */
const IR_VERSION = 8;
const OPSET_DEFAULT = 17;

/**
 * Writes a graph as an ONNX file. The same graph always gives the same bytes.
 *
 * @throws RangeError when a constant has more or fewer values than its shape
 * @see onnx/onnx.proto3 for the field numbers
 */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  return message(
    integerField(1, IR_VERSION),
    textField(2, "modelfleet"),
    bytesField(7, encodeGraph(graph)),
    bytesField(8, message(textField(1, ""), integerField(2, graph.opset ?? OPSET_DEFAULT))),
  );
}

function encodeGraph(graph: OnnxGraph): Uint8Array {
  return message(
    ...graph.nodes.map((node) => bytesField(1, encodeNode(node))),
    textField(2, graph.name),
    ...graph.constants.map((constant) => bytesField(5, encodeConstant(constant))),
    ...graph.inputs.map((value) => bytesField(11, encodeValue(value))),
    ...graph.outputs.map((value) => bytesField(12, encodeValue(value))),
  );
}

function encodeNode(node: OnnxNode): Uint8Array {
  return message(
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(3, `${node.operation}:${node.outputs.join(",")}`),
    textField(4, node.operation),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      bytesField(
        5,
        "float" in value
          ? message(
              textField(1, name),
              floatField(2, value.float),
              integerField(20, ATTRIBUTE_FLOAT),
            )
          : message(
              textField(1, name),
              integerField(3, value.int),
              integerField(20, ATTRIBUTE_INT),
            ),
      ),
    ),
  );
}

function encodeConstant({ name, shape, values }: OnnxConstant): Uint8Array {
  const expected = shape.reduce((product, size) => product * size, 1);
  if (values.length !== expected) {
    throw new RangeError(
      `expected ${expected} values for ${name} of shape [${shape.join()}], got ${values.length}`,
    );
  }
  return message(
    ...shape.map((size) => integerField(1, size)),
    integerField(2, onnxElementTypes.float32),
    textField(8, name),
    bytesField(9, littleEndian(values)),
  );
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === "LE" ? bytes : Buffer.from(bytes).swap32();
}

function encodeValue({ name, elementType, shape }: OnnxValue): Uint8Array {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === "number" ? integerField(1, size) : textField(2, size)),
  );
  const tensor = message(
    integerField(1, onnxElementTypes[elementType]),
    bytesField(2, message(...dimensions)),
  );
  return message(textField(1, name), bytesField(2, bytesField(1, tensor)));
}
