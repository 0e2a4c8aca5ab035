import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface BareRun {
  readonly row: Float32Array;
  readonly inferences: number;
}

/** Processor time an inference takes of a process that has nothing but the library, on one thread, ms. */
export async function bareProcessorMs(path: string, { row, inferences }: BareRun): Promise<number> {
  const program = fileURLToPath(new URL("bare-process.ts", import.meta.url));
  const child = fork(program, [JSON.stringify({ path, row: [...row], inferences })], {
    execArgv: ["--conditions=modelfleet-source", "--no-warnings"],
    env: { ...process.env, ORT_DISABLE_TELEMETRY: "1" },
  });
  const [answer] = (await once(child, "message")) as [unknown];
  child.disconnect();
  if (typeof answer !== "number") throw new TypeError("expected milliseconds");
  return answer;
}
