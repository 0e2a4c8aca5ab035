import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { bytesField, integerField, message, textField } from "../onnx/protobuf-writer.ts";

export type PlainModel = {
  readonly dtype: ElementType;
  /** A dimension is a size, or a name where it is free; the name may be empty. */
  readonly shape: readonly (number | string)[];
  /** ONNX operator from input `x` to output `y`; `Identity` if absent. */
  readonly operation?: string;
};

/** A model of one operation, `y = operation(x)`, for every element type there is. */
export function identityModel({ dtype, shape, operation = "Identity" }: PlainModel): Uint8Array {
  const value = (name: string) => {
    const dimensions = shape.map((size) =>
      bytesField(1, typeof size === "number" ? integerField(1, size) : textField(2, size)),
    );
    const tensor = message(
      integerField(1, elementTypes[dtype].onnx),
      bytesField(2, message(...dimensions)),
    );
    return message(textField(1, name), bytesField(2, bytesField(1, tensor)));
  };
  const graph = message(
    bytesField(1, message(textField(1, "x"), textField(2, "y"), textField(4, operation))),
    textField(2, "plain"),
    bytesField(11, value("x")),
    bytesField(12, value("y")),
  );
  const opset = message(textField(1, ""), integerField(2, 17));
  return message(integerField(1, 8), bytesField(7, graph), bytesField(8, opset));
}
