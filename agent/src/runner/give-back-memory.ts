import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Gives back what starting took and serving does not need: code that ran once, and the rest of what was read. Left to
 * itself, V8 waits for a heap to grow which never does here. Nobody waits for an inference when this is called.
 *
 * The collector is asked for here and not by Node's flag `--expose-gc`: with that flag V8 refuses the compiled code which
 * Node brings of its own modules, and Node compiles each of them anew and keeps the result (docs/decisions/0009).
 */
export function giveBackMemory(): void {
  setFlagsFromString("--expose-gc");
  // Only a context that is made after that has it.
  runInNewContext(collect);
}

const collect = `globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" })`;
