import { expect, test } from "vitest";
import { answerRequests } from "../../../../agent/src/runner/answer-requests.ts";
import type { Runtime, RuntimeModel } from "../../../../agent/src/runner/runtime.ts";

const model: RuntimeModel = {
  inputs: [],
  outputs: [],
  run: () => Promise.resolve([]),
  dispose: () => Promise.resolve(),
};
const load = { kind: "load", id: 2, path: "m", weights: [], threads: 1 } as const;

async function loads(runtime: Runtime["load"]) {
  let told = 0;
  const answer = answerRequests(
    () => Promise.resolve({ name: "fake 1", load: runtime }),
    () => {
      told += 1;
    },
  );
  await answer({ kind: "start", id: 1, runtime: "onnxruntime-node" });
  const { kind } = await answer(load);
  await answer({ kind: "infer", id: 3, tensors: [], outputs: [] });
  return { kind, told };
}

test("a process is told once that its model is there, and not of one that does not load", async () => {
  expect(await loads(() => Promise.resolve(model))).toEqual({ kind: "loaded", told: 1 });
  expect(await loads(() => Promise.reject(new TypeError("no model")))).toEqual({
    kind: "failed",
    told: 0,
  });
});
