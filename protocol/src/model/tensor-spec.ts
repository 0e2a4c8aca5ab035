import * as z from "zod";

/** Element types of the Open Inference Protocol v2, with their names in ONNX, width in bytes and wire name. */
export const elementTypes = {
  bool: { oip: "BOOL", bytes: 1, onnx: 9 },
  uint8: { oip: "UINT8", bytes: 1, onnx: 2 },
  uint16: { oip: "UINT16", bytes: 2, onnx: 4 },
  uint32: { oip: "UINT32", bytes: 4, onnx: 12 },
  uint64: { oip: "UINT64", bytes: 8, onnx: 13 },
  int8: { oip: "INT8", bytes: 1, onnx: 3 },
  int16: { oip: "INT16", bytes: 2, onnx: 5 },
  int32: { oip: "INT32", bytes: 4, onnx: 6 },
  int64: { oip: "INT64", bytes: 8, onnx: 7 },
  float16: { oip: "FP16", bytes: 2, onnx: 10 },
  float32: { oip: "FP32", bytes: 4, onnx: 1 },
  float64: { oip: "FP64", bytes: 8, onnx: 11 },
  string: { oip: "BYTES", bytes: 0, onnx: 8 },
} as const;

/** Our name of an element type: a key of `elementTypes`. */
export type ElementType = keyof typeof elementTypes;
export const ElementType = z.enum(Object.keys(elementTypes) as [ElementType, ...ElementType[]]);

/** Name and kind of one input or output. A dimension is a size, or −1 where the model leaves it free. */
export const TensorSpec = z.object({
  name: z.string().min(1).max(256),
  dtype: ElementType,
  shape: z.array(z.int().min(-1)).max(16),
});
export type TensorSpec = z.infer<typeof TensorSpec>;
