import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";

const program = fileURLToPath(new URL("../support/agent/doomed-supervisor.ts", import.meta.url));

test("a runner whose supervisor is killed ends by itself", async () => {
  const { supervisor, pid, folder } = await doomed();

  supervisor.kill("SIGKILL");

  await eventually(() => !isAlive(pid));
  await rm(folder, { recursive: true });
});

test("a runner that hangs ends with its supervisor too, for the system ends it", async () => {
  const { supervisor, pid, folder } = await doomed();
  process.kill(pid, "SIGSTOP");

  supervisor.kill("SIGKILL");

  await eventually(() => !isAlive(pid));
  await rm(folder, { recursive: true });
});

/** A supervisor in a process of its own, with a runner. */
async function doomed() {
  const flags = ["--conditions=modelfleet-source", "--no-warnings"];
  const supervisor = spawn(process.execPath, [...flags, program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(supervisor.stdout, "data")) as [Buffer];
  const { pid, folder } = JSON.parse(line.toString()) as {
    readonly pid: number;
    readonly folder: string;
  };
  expect(isAlive(pid)).toBe(true);
  return { supervisor, pid, folder };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
