import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A Node for arm64 that runs on this machine by emulation (targets.md 2.2).
 *
 * @param folder empty; takes some 350 MB
 * @returns the path of a program; rejects where Debian's or npm's registry is out of reach
 */
export async function emulatedNode(folder: string): Promise<string> {
  const script = join(import.meta.dirname, "prepare.sh");
  const { stdout } = await run(script, [folder, "24"], { timeout: 120_000 });
  return stdout.trim();
}
