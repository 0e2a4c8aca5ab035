import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { stop } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packFolder } from "../../tools/pack/pack-folder.ts";
import { platforms } from "../../tools/pack/platform.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { emulatedNode } from "../support/arm64/emulated-node.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const digits = denseNetwork({ layers: [16, 8, 4], seed: 3 });
const row = Array.from({ length: 16 }, (_, i) => i / 16);

let out: TemporaryFolder;
let packed: string;
let nodePath: string;

beforeAll(async () => {
  out = await temporaryFolder();
  packed = out.inside("packed");
  const platform = platforms.find(({ id }) => id === "linux-arm64");
  if (platform === undefined) throw new RangeError("expected the platform linux-arm64");
  await packFolder({ root, platform, folder: packed, builtAt: new Date(0) });
  nodePath = await emulatedNode(out.inside("arm64"));
}, 180_000);
afterAll(() => out[Symbol.asyncDispose]());
// The bundler's process waits for more.
afterAll(stop);

test("the packed agent for arm64 starts on an emulated Cortex-A72", async () => {
  const said = await run(nodePath, [join(packed, "bin/modelfleet-agent.js"), "--help"]);

  expect(said.stdout).toContain("enrol");
});

test("its runner loads a model with the native library for arm64 and answers as the one of this machine does", async () => {
  const runnerPath = join(packed, "dist/runner/main.js");
  const [here, there] = [await answerOf({}), await answerOf({ nodePath, runnerPath })];

  expect(there.runtime).toBe(here.runtime);
  expect(there.values).toHaveLength(4);
  for (const [i, value] of there.values.entries())
    expect(value).toBeCloseTo(here.values[i] ?? 0, 5);
});

async function answerOf(changes: Parameters<typeof runnerFixture>[0]) {
  await using fixture = await runnerFixture(changes);
  const staged = await stageModel(fixture.folder.path, {
    onnx: digits,
    io: denseContract(16, 4),
    limits: { loadMs: 60_000, inferMs: 30_000 },
  });
  const model = await fixture.host.load(staged, new AbortController().signal, "trial");
  const [y] = await model.infer([floatTensor("x", [1, 16], row)], { timeoutMs: 30_000 });
  await model.stop();
  return { runtime: model.runtime.id, values: y === undefined ? [] : floatsOf(y) };
}
