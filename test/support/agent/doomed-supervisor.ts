import { denseNetwork } from "../onnx/dense-network.ts";
import { runnerFixture, runnerPids } from "./runner-fixture.ts";
import { denseContract, stageModel } from "./staged-model.ts";

/** A program that loads a model, says its runner's process id, and waits to be killed. */
const { folder, host } = await runnerFixture();
const onnx = denseNetwork({ layers: [4, 3], seed: 1 });
const staged = await stageModel(folder.path, { onnx, io: denseContract(4, 3) });
await host.load(staged, new AbortController().signal, "trial");
const [pid] = await runnerPids(folder.path);
console.log(JSON.stringify({ pid, folder: folder.path }));
