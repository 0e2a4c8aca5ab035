import { bytesField, integerField, message, textField } from "./protobuf-writer.ts";

/*
 * Small models that a publisher's tool would not write: each loads or runs into something a device must survive.
 * All of them take `x` float32 [N, width] and give `y` float32 [N, width].
 */

export type HostileChanges = {
  /** 4 if absent. */
  readonly width?: number;
  readonly ir?: number;
  readonly opset?: number;
  /** Fields of the graph besides its nodes, inputs and outputs. */
  readonly graph?: readonly Uint8Array[];
  /** Fields of the model besides. */
  readonly model?: readonly Uint8Array[];
  /** Fields of the model right after its format version. */
  readonly first?: readonly Uint8Array[];
};

const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;

/** A model of these nodes. */
export function plainModel(
  nodes: readonly Uint8Array[],
  { width = 4, ir = 8, opset = 17, graph = [], model = [], first = [] }: HostileChanges = {},
): Uint8Array {
  const content = message(
    ...nodes.map((one) => bytesField(1, one)),
    textField(2, "g"),
    ...graph,
    bytesField(11, value("x", FLOAT, ["N", width])),
    bytesField(12, value("y", FLOAT, ["N", width])),
  );
  const operators = bytesField(8, message(textField(1, ""), integerField(2, opset)));
  return message(integerField(1, ir), ...first, bytesField(7, content), operators, ...model);
}

export function node(
  operation: string,
  inputs: readonly string[],
  outputs: readonly string[],
  rest: readonly Uint8Array[] = [],
): Uint8Array {
  const names = [
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
  ];
  return message(...names, textField(4, operation), ...rest);
}

export const identity = node("Identity", ["x"], ["y"]);

/** A weight; `fields` are what follows its name. */
export function weight(name: string, ...fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(5, message(...fields, textField(8, name)));
}

export function int64s(name: string, values: readonly number[]): Uint8Array {
  const raw = Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
  return weight(name, integerField(1, values.length), integerField(2, INT64), bytesField(9, raw));
}

/** `y = x + w`, whose weight w of four floats is said to lie elsewhere: the entries are those of `external_data`. */
export function externalWeight(entries: Readonly<Record<string, string>>): Uint8Array {
  const external = Object.entries(entries).map(([key, value]) =>
    bytesField(13, message(textField(1, key), textField(2, value))),
  );
  return plainModel([node("Add", ["x", "w"], ["y"])], {
    graph: [
      weight("w", integerField(1, 4), integerField(2, FLOAT), ...external, integerField(14, 1)),
    ],
  });
}

/** Adds up a tensor that it makes out of nothing while it runs: each float takes four bytes. */
export function memoryBomb(...shape: readonly number[]): Uint8Array {
  return plainModel(
    [
      node("ConstantOfShape", ["size"], ["zeros"]),
      node("ReduceSum", ["zeros"], ["sum"], [attribute("keepdims", integerField(3, 0), 2)]),
      node("Add", ["x", "sum"], ["y"]),
    ],
    { graph: [int64s("size", shape)] },
  );
}

/** Adds nothing, with a weight of this many bytes, which the runtime has to hold. */
export function zeroWeights(bytes: number): Uint8Array {
  const floats = bytes / 4;
  return plainModel(
    [
      node("ReduceSum", ["x"], ["sum"], [attribute("keepdims", integerField(3, 0), 2)]),
      node("Cast", ["sum"], ["index"], [attribute("to", integerField(3, INT64), 2)]),
      node("Gather", ["w", "index"], ["one"]),
      node("Add", ["x", "one"], ["y"]),
    ],
    {
      graph: [
        weight(
          "w",
          integerField(1, floats),
          integerField(2, FLOAT),
          bytesField(9, new Uint8Array(bytes)),
        ),
      ],
    },
  );
}

/** Loads, and never answers: a loop whose condition stays true. */
export function endlessLoop(width = 4): Uint8Array {
  return plainModel([loopWhile("yes", width)], {
    width,
    graph: [weight("yes", integerField(2, BOOL), bytesField(9, Uint8Array.of(1)))],
  });
}

/** Answers with what it is given, and never where that adds up to less than minus a million. */
export function hangsBelowMinusMillion(width: number): Uint8Array {
  const limit = Buffer.from(Float32Array.of(-1_000_000).buffer);
  return plainModel(
    [
      node("ReduceSum", ["x"], ["sum"], [attribute("keepdims", integerField(3, 0), 2)]),
      node("Less", ["sum", "limit"], ["isLess"]),
      loopWhile("isLess", width),
    ],
    { width, graph: [weight("limit", integerField(2, FLOAT), bytesField(9, limit))] },
  );
}

function loopWhile(condition: string, width: number): Uint8Array {
  const body = message(
    bytesField(1, node("Identity", ["going"], ["goesOn"])),
    bytesField(1, node("Identity", ["before"], ["after"])),
    textField(2, "body"),
    bytesField(11, value("turn", INT64, [])),
    bytesField(11, value("going", BOOL, [])),
    bytesField(11, value("before", FLOAT, ["N", width])),
    bytesField(12, value("goesOn", BOOL, [])),
    bytesField(12, value("after", FLOAT, ["N", width])),
  );
  return node("Loop", ["", condition, "x"], ["y"], [attribute("body", bytesField(6, body), 5)]);
}

/** Loads, and fails on every input: four numbers a row never make seven. */
export function cannotRun(): Uint8Array {
  return plainModel(
    [
      node("Reshape", ["x", "seven"], ["flat"]),
      node("ReduceSum", ["flat"], ["sum"], [attribute("keepdims", integerField(3, 0), 2)]),
      node("Add", ["x", "sum"], ["y"]),
    ],
    { graph: [int64s("seven", [7])] },
  );
}

function attribute(name: string, content: Uint8Array, type: number): Uint8Array {
  return bytesField(5, message(textField(1, name), content, integerField(20, type)));
}

export function value(
  name: string,
  element: number,
  shape: readonly (number | string)[],
): Uint8Array {
  const dimensions = shape.map((size) =>
    bytesField(1, typeof size === "number" ? integerField(1, size) : textField(2, size)),
  );
  const tensor = message(integerField(1, element), bytesField(2, message(...dimensions)));
  return message(textField(1, name), bytesField(2, bytesField(1, tensor)));
}
