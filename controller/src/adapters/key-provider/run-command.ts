import { type ChildProcess, spawn } from "node:child_process";
import { keyLimits } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";

const { commandMsMax, commandOutputBytesMax, commandComplaintBytesMax } = keyLimits;

export interface Command {
  readonly words: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** `commandMsMax` unless a test is in a hurry. */
  readonly waitMsMax?: number | undefined;
}

/**
 * Runs a program of the operator's: `input` on its stdin, its stdout as the answer. It is ended by force when it takes
 * too long or says too much; a script that `exec`s what it calls leaves nothing behind.
 *
 * @throws KeyError SIGNING_FAILED with the end of what it said on stderr
 */
export async function runCommand(command: Command, input: Uint8Array): Promise<Uint8Array> {
  const [program = ""] = command.words;
  const child = start(command);
  const output = new Tail(commandOutputBytesMax + 1);
  const complaint = new Tail(commandComplaintBytesMax);
  let reason: string | undefined;
  const stop = (why: string): void => {
    reason ??= why;
    child.kill("SIGKILL");
    // Whoever a script has started may hold these open.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const timer = setTimeout(
    () => stop(`took longer than ${command.waitMsMax ?? commandMsMax} ms`),
    command.waitMsMax ?? commandMsMax,
  );
  child.stdout.on("data", (chunk: Buffer) => {
    output.add(chunk);
    if (output.isOver) stop(`said more than ${commandOutputBytesMax} bytes`);
  });
  child.stderr.on("data", (chunk: Buffer) => complaint.add(chunk));
  // A program that does not read to the end may still know what it says.
  child.stdin.on("error", () => undefined).end(input);
  const end = await ended(child);
  clearTimeout(timer);
  const why = reason ?? end;
  if (why === undefined) return output.bytes();
  const said = new TextDecoder().decode(complaint.bytes()).trim();
  const words = said === "" ? "it said nothing on stderr" : `it said: ${said}`;
  throw new KeyError("SIGNING_FAILED", `the command ${program} ${why}; ${words}`);
}

/** Some failures to start come as an event, others (a file where a folder should be) at once. */
function start({ words, env }: Command) {
  const [program = "", ...rest] = words;
  try {
    return spawn(program, rest, { env, shell: false });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the command ${program} could not be run (${why})`;
    throw new KeyError("SIGNING_FAILED", message, { cause });
  }
}

/** @returns undefined when it ended well */
function ended(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not be run (${error.message})`));
    child.once("close", (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code ?? "?"}`}`);
    });
  });
}

/** The last bytes of a stream. */
class Tail {
  readonly #bytesMax: number;
  #bytes = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isOver(): boolean {
    return this.#bytes.length >= this.#bytesMax;
  }

  add(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-this.#bytesMax);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }
}
