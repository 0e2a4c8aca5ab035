import { expect, test } from "vitest";
import { localContext } from "../../../../controller/cli/local-context.ts";
import type { Terminal } from "../../../../controller/cli/terminal.ts";

test("what a file or a capture is named by cannot steer the terminal that shows it", () => {
  const written: string[] = [];
  const terminal = { out: (text: string) => void written.push(text) } as Terminal;

  localContext(terminal, {}).answer({}, () => "cam-1\u001b[2J\u202e\n\tsecond line");

  expect(written).toEqual(["cam-1\u{fffd}[2J\u{fffd}\n\tsecond line\n"]);
});
