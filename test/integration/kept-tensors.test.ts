import { mainSlot } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { startLocalApi } from "../../agent/src/adapters/local-api/local-api.ts";
import type { Observation } from "../../agent/src/domain/serving/routed-model.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { askHttp } from "../support/agent/ask-http.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { realClock, runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";

/** A shadow holds on to tensors without copying them (agent.md 5), so their memory must not be used again. */
test("the tensors of a request and its answer keep their bytes while later requests are answered", async () => {
  await using runners = await runnerFixture();
  const onnx = denseNetwork({ layers: [64, 10], seed: 1 });
  const staged = await stageModel(runners.folder.path, { onnx, io: denseContract(64, 10) });
  const kept: { readonly seen: Observation<LoadedModel>; readonly bytes: readonly Buffer[] }[] = [];
  const router = new Router<LoadedModel>({
    clock: realClock,
    observer: (seen) => kept.push({ seen, bytes: tensorsOf(seen).map(copyOf) }),
  });
  const socketPath = runners.folder.inside("agent.sock");
  const api = await startLocalApi({
    ...{ socketPath, models: router, agentVersion: "0.1.0" },
    ...{ status: () => ({}), onDefect: () => undefined },
  });
  const model = await runners.host.load(staged, new AbortController().signal, "trial");
  try {
    await router.activate(mainSlot, model);
    for (const rows of [1, 3, 1, 200, 2, 1_000, 1]) {
      for (const isBinary of [true, false]) await ask(socketPath, rows, isBinary);
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask(socketPath, i + 1, i % 2 === 0)));

    expect(kept).toHaveLength(34);
    for (const { seen, bytes } of kept) expect(tensorsOf(seen).map(copyOf)).toEqual(bytes);
  } finally {
    await api[Symbol.asyncDispose]();
    await model.stop();
  }
});

const tensorsOf = ({ inputs, outputs = [] }: Observation<LoadedModel>) => [...inputs, ...outputs];
const copyOf = ({ bytes }: { readonly bytes: Uint8Array }) => Buffer.from(Uint8Array.from(bytes));

let asked = 0;

/** A request of so many rows, none like another. */
async function ask(socketPath: string, rows: number, isBinary: boolean): Promise<void> {
  const serial = ++asked;
  const values = Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(serial * 1_000 + i));
  const head = { name: "x", datatype: "FP32", shape: [rows, 64] };
  const { bytes } = floatTensor("x", [rows, 64], values);
  const json = isBinary
    ? { ...head, parameters: { binary_data_size: bytes.length } }
    : { ...head, data: [...values] };
  const text = Buffer.from(JSON.stringify({ inputs: [json] }));
  const headers = { "inference-header-content-length": String(text.length) };
  const body = isBinary ? Buffer.concat([text, bytes]) : text;
  const path = "/v2/models/digits/infer";
  const reply = await askHttp({ socketPath }, { path, body, ...(isBinary && { headers }) });
  expect(reply.status).toBe(200);
}
