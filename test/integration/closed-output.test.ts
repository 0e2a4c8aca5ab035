import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test.each([
  "agent/bin/modelfleet-agent.js",
  "modelfleet/bin/modelfleet.js",
])("%s ends in peace when nobody reads its output any more", async (program) => {
  const child = spawn(process.execPath, [join(root, program), "--help"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // As `| head` closes the pipe; it takes the program longer than this to say its first word.
  child.stdout.destroy();
  const [said] = await Promise.all([text(child.stderr), once(child, "close")]);

  expect(said).toBe("");
  expect(child.exitCode).toBe(0);
});
