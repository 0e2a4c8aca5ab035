import { elementTypes, type SequencePolicy, type TensorSpec } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { countElements } from "../tensor-view.ts";
import type { RoutedModel, RoutedRequest } from "./routed-model.ts";

/** State tensors of a sequence, each under the name of the input it goes into. */
export type States = ReadonlyMap<string, Tensor>;

type Tensors = Pick<RoutedRequest, "inputs" | "outputs">;

/**
 * The request with the states that its caller left out, and with the outputs that the next request's states come from.
 * A sequence begins with zeros, its free dimensions being 1.
 */
export function withStates<Request extends Tensors>(
  request: Request,
  model: RoutedModel,
  states: States,
): Request {
  const policy = statesOf(model);
  const given = new Set(request.inputs.map(({ name }) => name));
  const more = policy.flatMap(({ input }) => {
    if (given.has(input)) return [];
    const spec = model.inputs.find(({ name }) => name === input);
    const state = states.get(input) ?? (spec && zeros(spec));
    return state === undefined ? [] : [state];
  });
  const { outputs: wanted = [] } = request;
  const unasked = policy.map(({ output }) => output).filter((output) => !wanted.includes(output));
  const outputs = wanted.length === 0 ? {} : { outputs: [...wanted, ...unasked] };
  return { ...request, inputs: [...request.inputs, ...more], ...outputs };
}

/** What an answer leaves for the next request of its sequence. */
export function statesAfter(model: RoutedModel, outputs: readonly Tensor[]): States {
  return new Map(
    statesOf(model).flatMap(({ output, input }) => {
      const state = outputs.find(({ name }) => name === output);
      if (state === undefined) return [];
      // A copy: as a view it would keep the whole frame of its answer in memory.
      return [[input, { ...state, name: input, bytes: Uint8Array.from(state.bytes) }] as const];
    }),
  );
}

/**
 * Whether a sequence of one model can go on with another without a break. Always with the same release, whose state is
 * kept here and not in its process; with another one where it says so and its state tensors are the same.
 */
export function carries(from: RoutedModel, to: RoutedModel): boolean {
  if (from === to) return true;
  const [before, after] = [statesOf(from), statesOf(to)];
  if (after.length === 0) return false;
  if (from.staged.release === to.staged.release) return true;
  if (to.staged.document.sequence?.carry !== true || before.length !== after.length) return false;
  return after.every(({ input, output }) =>
    before.some(
      (other) =>
        other.input === input &&
        other.output === output &&
        isSameSpec(from.inputs, to.inputs, input) &&
        isSameSpec(from.outputs, to.outputs, output),
    ),
  );
}

function statesOf(model: RoutedModel): SequencePolicy["states"] {
  return model.staged.document.sequence?.states ?? [];
}

function isSameSpec(
  left: readonly TensorSpec[],
  right: readonly TensorSpec[],
  wanted: string,
): boolean {
  const [one, other] = [left, right].map((specs) => specs.find(({ name }) => name === wanted));
  if (one === undefined || other === undefined || one.dtype !== other.dtype) return false;
  return (
    one.shape.length === other.shape.length && one.shape.every((size, i) => size === other.shape[i])
  );
}

/** Four zero bytes are an empty text, too: its length. */
const TEXT_BYTES = 4;

function zeros({ name, dtype, shape: declared }: TensorSpec): Tensor {
  const shape = declared.map((size) => (size === -1 ? 1 : size));
  const width = dtype === "string" ? TEXT_BYTES : elementTypes[dtype].bytes;
  return { name, dtype, shape, bytes: new Uint8Array(countElements(shape) * width) };
}
