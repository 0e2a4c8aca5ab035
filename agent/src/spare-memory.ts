import { setFlagsFromString } from "node:v8";
import { giveBackMemory } from "./runner/give-back-memory.ts";

interface Engine {
  /** Version. */
  readonly v8: string;
  /** Of the processor, as Node names it. */
  readonly arch: string;
  /** Whether it makes machine code: with `--jitless` it does not, and a compiler that is switched on then ends the process. */
  readonly hasCompilers: boolean;
}

interface Saving {
  /**
   * The first V8 that knows it and has `back` as its default; an older one may say on the error stream that it does not know
   * it. Node 20 has 11, Node 24 has 13.
   */
  readonly since: number;
  /** Whether it is of a compiler: then only for processors on which that is V8's default. */
  readonly isCompiler?: boolean;
  readonly save: string;
  /** V8's own default. */
  readonly back: string;
}

/**
 * All may change while the engine runs: it asks for the first two whenever it decides about one function, on the thread that
 * runs JavaScript, and for the third whenever a collection meets one; what then goes is decided by the collection's own marks.
 */
const savings: readonly Saving[] = [
  // Without the last compiler: its code is 5 MB, and what starting and installing let it compile is not worth that.
  { since: 13, save: "--battery-saver-mode", back: "--no-battery-saver-mode" },
  // Without the compiler before it: it works beside the program and takes a megabyte or two at the top of the C library's
  // memory, and what comes to lie above keeps it from going back.
  { since: 13, isCompiler: true, save: "--no-maglev", back: "--maglev" },
  // What no collection has found in use since the one before is compiled again when it is wanted again.
  { since: 11, save: "--bytecode-old-age=1", back: "--bytecode-old-age=6" },
];

/**
 * Keeps a supervisor small that no application has asked yet: what it does until then, it does once. Called when Node's own
 * modules are loaded: V8 takes their compiled code out of Node only while its flags are as they were when that was made
 * (docs/decisions/0009).
 *
 * @returns to be called when an application asks: from then on speed is what counts
 */
export function spareMemory(engine: Engine): () => void {
  const known = savings.filter((saving) => isFor(saving, engine));
  for (const { save } of known) setFlagsFromString(save);
  giveBackMemory();
  return () => {
    for (const { back } of known) setFlagsFromString(back);
  };
}

function isFor({ since, isCompiler = false }: Saving, { v8, arch, hasCompilers }: Engine): boolean {
  if (Number.parseInt(v8, 10) < since) return false;
  return !isCompiler || (hasCompilers && (arch === "x64" || arch === "arm64"));
}
