import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const unit = join(
  import.meta.dirname,
  "../../../firmware-targets/systemd/modelfleet-agent.service",
);
const EXPOSURE_MAX = 2;
const missing = spawnSync("systemd-analyze", ["--version"]).status !== 0;
const why = missing ? " (skipped: systemd-analyze is not installed)" : "";

describe(`the systemd unit of the agent${why}`, () => {
  test.skipIf(missing)("is one that systemd accepts", async () => {
    await using folder = await temporaryFolder();
    const path = folder.inside("modelfleet-agent.service");
    await writeFile(path, await withProgram("/bin/sh"));

    const { status, stdout, stderr } = analyze("verify", path);

    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });

  test.skipIf(missing)("exposes the system less than a score of 2.0", () => {
    const { stdout } = analyze("security", "--offline=true", "--no-pager", unit);

    const score = Number(/exposure level for .*: ([\d.]+)/.exec(stdout)?.[1]);

    expect(score, stdout.slice(-200)).toBeLessThan(EXPOSURE_MAX);
  });

  test("keeps what the inference runtime needs: sched_setaffinity, /proc/cpuinfo and the JIT", async () => {
    const text = await readFile(unit, "utf8");

    expect(text).not.toMatch(/^SystemCallFilter=~.*@resources/m);
    expect(text).not.toMatch(/^ProcSubset=pid/m);
    expect(text).not.toMatch(/^MemoryDenyWriteExecute=yes/m);
  });

  test("lets a runner come back from the niceness it is prepared at", async () => {
    const text = await readFile(unit, "utf8");

    expect(text).toMatch(/^LimitNICE=\+0$/m);
    expect(text).not.toMatch(/^SystemCallFilter=~.*(@resources|setpriority)/m);
  });
});

/** The installed program is not on the machine that tests, and systemd wants it to be executable. */
async function withProgram(path: string): Promise<string> {
  const text = await readFile(unit, "utf8");
  return text.replace(/^ExecStart=\S+/m, `ExecStart=${path}`);
}

function analyze(...args: readonly string[]) {
  return spawnSync("systemd-analyze", args, { encoding: "utf8", timeout: 30_000 });
}
