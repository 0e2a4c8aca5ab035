import { SlotName } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { joinElements } from "../../agent/src/domain/bytes-elements.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { bareModel } from "../support/agent/bare-runtime.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { identityModel } from "../support/agent/identity-model.ts";
import { type RunnerFixture, realClock, runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, type StagedModel, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { seededRandom } from "../support/random.ts";

const slot = SlotName.parse("main");
const batches = { serving: { batch: { rowsMax: 32 } } };

let runners: RunnerFixture;
beforeAll(async () => {
  runners = await runnerFixture();
});
afterAll(() => runners[Symbol.asyncDispose]());

/** A model in a runner of its own, behind a router; stopped with the scope. */
async function serve(staged: Omit<StagedModel, "policies">, policies: object = batches) {
  const reasons: string[] = [];
  const router = new Router<LoadedModel>({
    clock: realClock,
    onUnbatched: (_, reason) => reasons.push(reason),
  });
  const release = await stageModel(runners.folder.path, { ...staged, policies });
  const model = await runners.host.load(release, new AbortController().signal, "trial");
  await router.activate(slot, model);
  const ask = async (x: Tensor) =>
    (await router.infer({ slot, inputs: [x], timeoutMs: 30_000 })).outputs[0];
  return { router, ask, reasons, [Symbol.asyncDispose]: () => model.stop() };
}

/** So many askers, each with its next request as soon as it is answered. */
async function askAll<Answer>(requests: readonly Tensor[], ask: (x: Tensor) => Promise<Answer>) {
  const answers: Answer[] = [];
  const left = [...requests.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      answers[next[0]] = await ask(next[1]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return answers;
}

describe("a model that is asked in batches", () => {
  test("S7: answers sixteen askers as the bare library answers each alone, within tolerance", async () => {
    const onnx = denseNetwork({ layers: [64, 512, 512, 10], repeats: 8, seed: 1 });
    const random = seededRandom(3);
    const requests = Array.from({ length: 240 }, () => {
      const rows = 1 + Math.floor(random.next() * 3);
      return floatTensor(
        "x",
        [rows, 64],
        Array.from({ length: rows * 64 }, () => random.next()),
      );
    });
    await using served = await serve({ onnx, io: denseContract(64, 10) });

    const answers = await askAll(requests, served.ask);

    await using bare = await bareModel(onnx);
    for (const [i, x] of requests.entries()) {
      const expected = floatsOf({ ...x, bytes: (await bare.run([x])).get("y") ?? Buffer.alloc(0) });
      const got = answers[i] === undefined ? [] : floatsOf(answers[i]);
      expect(answers[i]?.shape, `seed 3, request ${i}`).toEqual([x.shape[0], 10]);
      for (const [at, value] of got.entries()) {
        expect(Math.abs(value - (expected[at] ?? Number.NaN)), `seed 3, request ${i}`).toBeLessThan(
          1e-5,
        );
      }
    }
    const counts = served.router.counts(slot);
    expect(counts?.requests).toBeGreaterThanOrEqual(requests.length);
    expect(counts?.executions).toBeLessThan(requests.length / 2);
    expect(served.reasons).toEqual([]);
  });

  test("gives each its own texts, of whatever length", async () => {
    const onnx = identityModel({ dtype: "string", shape: ["n", 2] });
    const spec = { dtype: "string", shape: [-1, 2] };
    const io = { inputs: [{ name: "x", ...spec }], outputs: [{ name: "y", ...spec }] };
    const requests = Array.from({ length: 100 }, (_, i) => {
      const texts = [`ä${"x".repeat(i % 7)}`, String(i)].map((text) =>
        new TextEncoder().encode(text),
      );
      return { name: "x", dtype: "string" as const, shape: [1, 2], bytes: joinElements(texts) };
    });
    await using served = await serve({ onnx, io, version: "1.1.0" });

    const answers = await askAll(requests, served.ask);

    const bytesOf = (tensor: Tensor | undefined) =>
      Buffer.from(tensor?.bytes ?? []).toString("hex");
    expect(answers.map(bytesOf)).toEqual(requests.map(bytesOf));
    expect(served.router.counts(slot)?.batches).toBeGreaterThan(0);
  });

  test("is not where its rows look at each other: nobody gets an answer that others are part of", async () => {
    // Each less the mean over the rows, as a careless export of a normalization has it.
    const shape = ["n", 1, 1, 2];
    const operation = "MeanVarianceNormalization";
    const onnx = identityModel({ dtype: "float32", shape, operation });
    const spec = { dtype: "float32", shape: [-1, 1, 1, 2] };
    const io = { inputs: [{ name: "x", ...spec }], outputs: [{ name: "y", ...spec }] };
    const requests = Array.from({ length: 60 }, (_, i) =>
      floatTensor("x", [1, 1, 1, 2], [i, i + 2]),
    );
    const tensor = (name: string, data: number[]) => ({
      name,
      datatype: "FP32",
      shape: [1, 1, 1, 2],
      data,
    });
    const compare = { kind: "allclose", atol: 1e-4, rtol: 1e-3 };
    const one = { name: "a row", inputs: [tensor("x", [0, 2])], outputs: [tensor("y", [-1, 1])] };
    const golden = { spec: 1, finite: true, cases: [{ ...one, compare }] };
    await using served = await serve({ onnx, io, golden, version: "1.2.0" });

    const answers = await askAll(requests, served.ask);

    for (const answer of answers) {
      const [low = 0, high = 0] = answer === undefined ? [] : floatsOf(answer);
      expect(low).toBeCloseTo(-1, 4);
      expect(high).toBeCloseTo(1, 4);
    }
    expect(served.reasons).toEqual([expect.stringContaining("alone and in a batch: output y")]);
    expect(served.router.counts(slot)?.batches).toBe(1);
  });

  test("is not where the runtime finds an output of another size than the rows", async () => {
    const onnx = identityModel({ dtype: "float32", shape: ["n", "m"], operation: "ReduceMean" });
    const spec = { dtype: "float32", shape: [-1, -1] };
    const io = { inputs: [{ name: "x", ...spec }], outputs: [{ name: "y", ...spec }] };
    const requests = Array.from({ length: 60 }, (_, i) => floatTensor("x", [1, 2], [i, i + 2]));
    await using served = await serve({ onnx, io, version: "1.3.0" });

    const answers = await askAll(requests, served.ask);

    expect(answers.map((answer) => answer && floatsOf(answer))).toEqual(
      requests.map((_, i) => [i + 1]),
    );
    expect(served.reasons).toEqual([expect.stringContaining("tensor y: expected a free first")]);
  });
});
