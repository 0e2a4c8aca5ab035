import { setFlagsFromString } from "node:v8";
import { giveBackMemory } from "./runner/give-back-memory.ts";

interface Saving {
  /** The first V8 that knows it; an older one says on the error stream that it does not. Node 20 has 11, Node 24 has 13. */
  readonly since: number;
  readonly save: string;
  /** V8's own default. */
  readonly back: string;
}

/**
 * Both may change while the engine runs: it asks for the first whenever it decides about one function, on the thread that
 * runs JavaScript, and for the second whenever a collection meets one; what then goes is decided by the collection's own marks.
 */
const savings: readonly Saving[] = [
  // Without the last compiler: its code is 5 MB, and what starting and installing let it compile is not worth that.
  { since: 13, save: "--battery-saver-mode", back: "--no-battery-saver-mode" },
  // What no collection has found in use since the one before is compiled again when it is wanted again.
  { since: 11, save: "--bytecode-old-age=1", back: "--bytecode-old-age=6" },
];

/**
 * Keeps a supervisor small that no application has asked yet: what it does until then, it does once. Called when Node's own
 * modules are loaded: V8 takes their compiled code out of Node only while its flags are as they were when that was made
 * (docs/decisions/0009).
 *
 * @param v8 its version
 * @returns to be called when an application asks: from then on speed is what counts
 */
export function spareMemory(v8: string): () => void {
  const known = savings.filter(({ since }) => Number.parseInt(v8, 10) >= since);
  for (const { save } of known) setFlagsFromString(save);
  giveBackMemory();
  return () => {
    for (const { back } of known) setFlagsFromString(back);
  };
}
