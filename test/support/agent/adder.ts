import { type SequencePolicy, SlotName } from "@modelfleet/protocol";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { type FakeModel, type FakeModelOptions, fakeModel } from "./fake-model.ts";
import { floatsOf, floatTensor } from "./floats.ts";
import { manualClock } from "./manual-clock.ts";

export const slot = SlotName.parse("main");
export const keepsState: SequencePolicy = {
  states: [{ output: "stateN", input: "state" }],
  carry: false,
  idleMs: 10_000,
};
export const carriesState = { ...keepsState, carry: true };
export const adderInputs = [
  { name: "x", dtype: "float32" as const, shape: [-1, 1] },
  { name: "state", dtype: "float32" as const, shape: [2, -1] },
];
const outputs = [
  { name: "sum", dtype: "float32" as const, shape: [-1, 1] },
  { name: "stateN", dtype: "float32" as const, shape: [2, -1] },
];

function adds(given: readonly Tensor[]): readonly Tensor[] {
  const numbers = (name: string) =>
    given.filter((tensor) => tensor.name === name).flatMap(floatsOf);
  const sum = (numbers("x")[0] ?? Number.NaN) + (numbers("state")[0] ?? Number.NaN);
  return [floatTensor("sum", [1, 1], [sum]), floatTensor("stateN", [2, 1], [sum, 0])];
}

/** A model that only its state lets remember: it says the sum of all it was asked in a sequence. */
export function adder(version: string, changes: Partial<FakeModelOptions> = {}): FakeModel {
  const tensors = { inputs: adderInputs, outputs, says: adds };
  return fakeModel({ version, ...tensors, sequence: keepsState, ...changes });
}

/** A router with an adder, asked one number at a time: who answered, the sum, and whether the sequence began anew. */
export async function adderSlot(first: LoadedModel = adder("1.0.0")) {
  const clock = manualClock();
  const router = new Router<LoadedModel>({ clock });
  await router.activate(slot, first);
  const ask = async (id: string, value: number, more: Partial<Asked> = {}) => {
    const { isStart = false, isEnd = false, ...rest } = more;
    const answer = await router.infer({
      ...{ slot, inputs: [floatTensor("x", [1, 1], [value])], timeoutMs: 60_000 },
      sequence: { id, isStart, isEnd },
      ...rest,
    });
    const reset = answer.isSequenceReset === true ? ["reset"] : [];
    const sum = answer.outputs.find(({ name }) => name === "sum");
    return [answer.model.staged.document.version, ...(sum ? floatsOf(sum) : []), ...reset];
  };
  return { clock, router, ask };
}

type Asked = {
  readonly isStart: boolean;
  readonly isEnd: boolean;
  readonly outputs: readonly string[];
  readonly inputs: readonly Tensor[];
  readonly key: string;
  readonly timeoutMs: number;
};
export const start = { isStart: true };
export const end = { isEnd: true };
