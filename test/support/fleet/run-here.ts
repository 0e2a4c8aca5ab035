import { setTimeout as sleep } from "node:timers/promises";
import { runProgram } from "../../../controller/cli/program.ts";
import type { CommandResult } from "../../../modelfleet/src/demo/program.ts";

/**
 * An operator's command in this process, which costs a tenth of one of its own. Nobody sits at the keyboard.
 *
 * @param env all of its environment
 */
export async function runHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  const [said, complained]: [string[], string[]] = [[], []];
  const exitCode = await runProgram(args, {
    out: (text) => void said.push(text),
    err: (text) => void complained.push(text),
    isInteractive: false,
    env,
    askSecret: undefined,
    version: "0.0.0",
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
    screen: () => undefined,
    onInterrupt: () => ({ [Symbol.dispose]: () => undefined }),
  });
  const output = said.join("");
  return {
    ...{ exitCode, output, text: output + complained.join("") },
    answer: args.includes("--json") ? parseAnswer(output) : undefined,
  };
}

function parseAnswer(output: string): unknown {
  const [firstLine = ""] = output.trim().split("\n");
  return firstLine.startsWith("{") ? JSON.parse(firstLine) : undefined;
}
