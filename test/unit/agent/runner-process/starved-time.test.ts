import { spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { expect, test } from "vitest";
import { starvedMs } from "../../../../agent/src/adapters/runner-process/starved-time.ts";
import { eventually } from "../../../support/eventually.ts";

const isLinux = process.platform === "linux";

test.runIf(isLinux)(
  "a process beside busier ones on one processor is known to have waited for it",
  async () => {
    const spin = ["-c", "0", process.execPath, "-e", "for (;;) {}"];
    const busy = spawn("taskset", spin, { stdio: "ignore" });
    const nice = spawn("taskset", spin, { stdio: "ignore" });
    await Promise.all([once(busy, "spawn"), once(nice, "spawn")]);
    const pid = nice.pid ?? 0;
    setPriority(pid, 15);

    try {
      await eventually(async () => expect(await starvedMs(pid)).toBeGreaterThan(100));
    } finally {
      for (const child of [busy, nice]) child.kill("SIGKILL");
    }
  },
);

test("a process that is gone was never kept waiting", async () => {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "close");

  expect(await starvedMs(child.pid ?? 0)).toBe(0);
});
