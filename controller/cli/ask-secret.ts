import { CliError } from "./cli-error.ts";

export interface Keyboard {
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Asks the person at the keyboard; nothing of the answer is shown. Loaded only when somebody is asked. */
export async function askSecret(prompt: string, { stdin, stderr }: Keyboard): Promise<string> {
  const { read } = await import("read");
  try {
    return await read({ prompt, silent: true, input: stdin, output: stderr });
  } catch (cause) {
    // Ctrl-C at the prompt.
    throw new CliError("UNANSWERED", "nothing was done: the question was not answered", {
      cause,
    });
  }
}
