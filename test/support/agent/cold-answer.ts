/**
 * A process of its own that says how many milliseconds the very first answer of a model takes, where nobody has warmed
 * anything up: neither the model nor, by another one, the runtime.
 *
 *     node --conditions=modelfleet-source test/support/agent/cold-answer.ts '{"path": …, "weights": [], "input": ["x", [0.5]]}'
 */
import { loadRuntime } from "../../../agent/src/runner/load-runtime.ts";
import { floatTensor } from "./floats.ts";

type Asked = {
  readonly path: string;
  readonly weights: readonly string[];
  /** Name and elements of its one input, a row. */
  readonly input: readonly [string, readonly number[]];
};

const { path, weights, input } = JSON.parse(process.argv[2] ?? "null") as Asked;
const [name, values] = input;
const runtime = await loadRuntime("tfjs-wasm");
const cold = await runtime.load({ path, weights }, { threads: 1 });
const beganMs = performance.now();
await cold.run([floatTensor(name, [1, values.length], values)], []);
process.stdout.write(String(performance.now() - beganMs));
await cold.dispose();
