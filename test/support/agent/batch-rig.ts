import { SlotName } from "@modelfleet/protocol";
import { expect } from "vitest";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { Tensor } from "../../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { type FakeModelOptions, fakeModel } from "./fake-model.ts";
import { floatsOf, floatTensor } from "./floats.ts";
import { manualClock, settled } from "./manual-clock.ts";

const slot = SlotName.parse("main");

/** Each row's sum: what a batch must give back row by row. */
export function rowSums(inputs: readonly Tensor[]): readonly Tensor[] {
  return inputs.map((x) => {
    const values = floatsOf(x);
    const rows = x.shape[0] ?? 0;
    const sums = Array.from(
      { length: rows },
      (_, i) => (values[2 * i] ?? 0) + (values[2 * i + 1] ?? 0),
    );
    return floatTensor("y", [rows, 1], sums);
  });
}

/** A model that is asked in batches behind a router, and a clock, that stand still until the test moves them. */
export async function batchRig(
  batch: { readonly rowsMax: number; readonly delayUsMax?: number },
  changes: Partial<FakeModelOptions> = {},
) {
  const clock = manualClock();
  const reasons: string[] = [];
  const router = new Router<LoadedModel>({
    clock,
    onUnbatched: (_, reason) => reasons.push(reason),
  });
  const options = { version: "1.0.0", answersAtOnce: false, says: rowSums, serving: { batch } };
  const model = fakeModel({ ...options, ...changes });
  await router.activate(slot, model);
  const askRows = async (rows: readonly (readonly [number, number])[], more: object = {}) => {
    const inputs = [floatTensor("x", [rows.length, 2], rows.flat())];
    const { outputs } = await router.infer({ slot, inputs, timeoutMs: 60_000, ...more });
    return outputs.flatMap(floatsOf);
  };
  const ask = (value: number, more: object = {}) => askRows([[value, 1]], more);
  /** The runner has answered whatever it has. */
  const work = async () => {
    for (const request of model.waiting.splice(0)) request.answer();
    await settled();
  };
  /** Rows of what the runner has been asked. */
  const sizes = () => model.waiting.map(({ inputs }) => inputs[0]?.shape[0]);
  /** The first request is asked alone, and those of the first batch are as well. */
  const proven = async () => {
    const warm = [ask(1), ask(2), ask(3)];
    for (let i = 0; i < 5; i++) await work();
    expect(await Promise.all(warm)).toEqual([[2], [3], [4]]);
  };
  return { clock, router, model, ask, askRows, work, sizes, proven, reasons };
}
