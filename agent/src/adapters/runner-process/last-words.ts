import { stripVTControlCharacters } from "node:util";
import { withoutFolders } from "../../wire/without-folders.ts";

const CHARACTERS_MAX = 200;

/** Of the allocator, of V8, of a library in WebAssembly. */
const OUT_OF_MEMORY = /out of memory|bad_alloc|allocation failed|cannot allocate memory|\bOOM\b/i;
const CAUSE =
  /^(?:Uncaught )?[A-Z]\w*(?:Error|Exception)\b|^FATAL|^#? ?Fatal|^terminate called|Assertion .+ failed|^\w+\(\): /;
/** Stacks, and what Node says whatever the end. */
const NOISE = /^at |^\d+: 0x|^Node\.js v|^[-#<]|^[{}\]^]+$/;

/**
 * Why a process ended, as far as it said so on stderr: one short line of it, without the folders of this device, for
 * it goes to the controller. Empty when it said nothing.
 */
export function lastWords(stderr: string): string {
  const lines = stripVTControlCharacters(stderr)
    .split("\n")
    .map((line) =>
      line
        .slice(0, 1_000)
        .replace(/^# |\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "");
  const memory = lines.findLast((line) => OUT_OF_MEMORY.test(line));
  if (memory !== undefined) return cut(`out of memory: ${memory}`);
  const cause = lines.findLast((line) => CAUSE.test(line));
  return cut(cause ?? lines.findLast((line) => !NOISE.test(line)) ?? "");
}

function cut(line: string): string {
  const text = withoutFolders(line);
  return text.length <= CHARACTERS_MAX ? text : `${text.slice(0, CHARACTERS_MAX - 1)}…`;
}
