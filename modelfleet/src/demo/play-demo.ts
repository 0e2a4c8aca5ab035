import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isCodedError } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import { loadDigits } from "./digits.ts";
import { type StoryResult, tellStory } from "./story.ts";

const RELEASES = fileURLToPath(new URL("../../../examples/digits/releases", import.meta.url));
/** Nearly all there are, so that no window shows one twice and each is like what the model was made from. */
const DIGITS_PER_CLASS = 800;
/** Version 1 → 2 and back to 1, on each of three devices. */
const SWAPS_EXPECTED = 6;

export interface DemoOptions {
  readonly json?: boolean;
  readonly keep?: boolean;
}

/** Plays the demo in a folder of its own; returns the exit code. */
export async function playDemo(options: DemoOptions): Promise<number> {
  // The runtime reads this when it loads, which happens after this line (offline-answers.ts).
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const folder = await mkdtemp(join(tmpdir(), "modelfleet-demo-"));
  try {
    return await playIn(folder, options);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    process.stderr.write(`the demo stopped: ${error.message}\n`);
    return 1;
  } finally {
    if (options.keep === true) process.stderr.write(`data kept in ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}

/** Tells the story and prints its last line. @throws DemoError when it cannot go on; every process has ended then */
async function playIn(folder: string, options: DemoOptions): Promise<number> {
  const print = (text: string) => {
    if (options.json !== true) process.stdout.write(`${text}\n`);
  };
  const say = {
    step: (title: string) => print(`\n── ${title}`),
    line: (text: string) => print(`   ${text}`.trimEnd()),
  };
  const startedMs = performance.now();
  const digits = await loadDigits(DIGITS_PER_CLASS);
  const signal = untilInterrupted();
  const result = await tellStory({ folder, releasesFolder: RELEASES, digits, say, signal });
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  print("");
  process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
  return complaint(result);
}

function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const reason = new DemoError("INTERRUPTED", `it was told to (${signal})`);
    process.once(signal, () => interrupted.abort(reason));
  }
  return interrupted.signal;
}

function complaint(result: StoryResult): number {
  const isTrue =
    result.answered > 0 &&
    result.failed === 0 &&
    result.mismatched === 0 &&
    result.swaps === SWAPS_EXPECTED &&
    result.refused.join() === "GOLDEN_MISMATCH";
  if (!isTrue) process.stderr.write("the demo did not go as it should: see the line above\n");
  return isTrue ? 0 : 1;
}
