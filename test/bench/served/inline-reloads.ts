import { inlineHost } from "../../../agent/src/adapters/runner-inline/inline-host.ts";
import type { StagedRelease } from "../../../agent/src/ports/runner-host.ts";
import { floatTensor } from "../../support/agent/floats.ts";
import { realClock } from "../../support/agent/runner-fixture.ts";

/** Loads, runs and gives back a model again and again, and tells what stays resident after each time. */
export interface Reloads {
  /** Its end is the base: what the library keeps of any model is not what reloads cost. */
  readonly first: PassedRelease;
  readonly again: PassedRelease;
  readonly times: number;
}

/** A staged release as text; staged by somebody else, for a model that is made here would lie in this memory. */
export type PassedRelease = Omit<StagedRelease, "files"> & {
  readonly files: readonly (readonly [string, string])[];
  readonly inputs: number;
};

export interface ReloadedBytes {
  readonly baseBytes: number;
  readonly afterBytes: readonly number[];
}

const host = inlineHost({
  cores: 2,
  clock: realClock,
  memoryBytes: () => Promise.resolve(process.memoryUsage.rss()),
});

async function reload({ inputs, files, ...staged }: PassedRelease): Promise<number> {
  const never = new AbortController().signal;
  const model = await host.load({ ...staged, files: new Map(files) }, never, "trial");
  const input = floatTensor("x", [1, inputs], new Float32Array(inputs));
  await model.infer([input], { timeoutMs: 60_000 });
  await model.stop();
  return process.memoryUsage.rss();
}

const { first, again, times } = JSON.parse(process.argv[2] ?? "null") as Reloads;
const baseBytes = await reload(first);
const afterBytes: number[] = [];
for (let i = 0; i < times; i++) afterBytes.push(await reload(again));
process.stdout.write(JSON.stringify({ baseBytes, afterBytes } satisfies ReloadedBytes));
