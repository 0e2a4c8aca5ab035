import { expect, test } from "vitest";
import { runAgentProgram } from "../../../agent/src/cli/program.ts";

const unasked = () => Promise.reject(new Error("not asked for"));

test.each([
  [[], "Usage: modelfleet agent [options] [command]"],
  [["enrol"], "Usage: modelfleet agent enrol [options] <string>"],
  [["start"], "Usage: modelfleet agent start [options]"],
  [["status"], "Usage: modelfleet agent status [options]"],
  [["lock"], "Usage: modelfleet agent lock [options]"],
  [["unlock"], "Usage: modelfleet agent unlock [options]"],
  [["deny"], "Usage: modelfleet agent deny [options]"],
  [["hello"], "Usage: modelfleet agent hello [options]"],
  [["apply"], "Usage: modelfleet agent apply [options] <folder>"],
  [["capture"], "Usage: modelfleet agent capture [options] [command]"],
  [["capture", "allow"], "Usage: modelfleet agent capture allow [options]"],
  [["capture", "withdraw"], "Usage: modelfleet agent capture withdraw [options]"],
  [["capture", "delete"], "Usage: modelfleet agent capture delete [options]"],
  [["capture", "list"], "Usage: modelfleet agent capture list [options]"],
])("the help of %j begins with an example, then its usage", async (command, usage) => {
  const written: string[] = [];
  const terminal = { out: (text: string) => written.push(text), err: unasked };

  const exitCode = await runAgentProgram(
    [...command, "--help"],
    {
      ...{ enrol: unasked, start: unasked, status: unasked, hello: unasked, apply: unasked },
      ...{ lock: unasked, unlock: unasked, deny: unasked, capture: unasked },
    },
    terminal,
  );

  expect(exitCode).toBe(0);
  const [examples = "", usageLine] = written.join("").split("\n\n");
  expect(examples).toMatch(new RegExp(`^Example:\n  modelfleet agent ${command[0] ?? "enrol"} `));
  expect(usageLine).toBe(usage);
});
