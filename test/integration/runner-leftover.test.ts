import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { processTable } from "../../agent/src/adapters/clock/process-table.ts";
import { sweepRunners } from "../../agent/src/adapters/runner-process/runner-records.ts";
import { hostileRunner } from "../support/agent/hostile-runner.ts";
import { runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

test("a runner that hangs when its agent is gone is ended by the next start", async () => {
  await using folder = await temporaryFolder();
  const runnerPath = folder.inside("hanging.cjs");
  await writeFile(runnerPath, hostileRunner("for (;;);"));
  await using fixture = await runnerFixture({ runnerPath });
  const runFolder = fixture.folder.inside("run");
  const staged = await stageModel(fixture.folder.path, {
    onnx: Buffer.from("not read"),
    io: denseContract(4, 2),
  });
  const refused = expect(
    fixture.host.load(staged, new AbortController().signal, "trial"),
  ).rejects.toMatchObject({ code: "RUNNER_CRASH" });
  await eventually(async () => expect(await readdir(runFolder)).toHaveLength(2));

  await sweepRunners(processTable, runFolder);

  await refused;
  await eventually(async () => {
    expect(await runnerPids(runFolder)).toEqual([]);
    expect(await readdir(runFolder)).toEqual([]);
  });
});

test.each([
  ["of a process that works elsewhere", { elsewhere: true }],
  ["of an earlier process with its pid", { identity: "1" }],
  ["without a start", { identity: "" }],
  ["that is no record", { text: "rm -rf" }],
])("a record %s ends nobody, and is cleared away", async (_, changes) => {
  await using folder = await temporaryFolder();
  const [home, other] = [folder.inside("run", "abc-1"), folder.inside("other")];
  await mkdir(home, { recursive: true });
  await mkdir(other);
  const child = sleeper("elsewhere" in changes ? other : home);
  const pid = child.pid ?? 0;
  const known = await processTable.identityOf(pid);
  const identity = "identity" in changes ? changes.identity : (known ?? "");
  const text = "text" in changes ? changes.text : `${pid} ${identity}\n`;
  await writeFile(folder.inside("run", "abc-1.pid"), text);
  await writeFile(folder.inside("run", "lock"), "kept");

  await sweepRunners(processTable, folder.inside("run"));

  expect(await processTable.identityOf(pid)).toBe(known);
  expect(child.exitCode ?? child.signalCode).toBeNull();
  expect(await readdir(folder.inside("run"))).toEqual(["lock"]);
});

test("a process with the pid, the start and the folder of its record is ended", async () => {
  await using folder = await temporaryFolder();
  const home = folder.inside("run", "abc-1");
  await mkdir(home, { recursive: true });
  const child = sleeper(home);
  const identity = await processTable.identityOf(child.pid ?? 0);
  await writeFile(folder.inside("run", "abc-1.pid"), `${child.pid ?? 0} ${identity ?? ""}\n`);
  const ended = once(child, "exit");

  await sweepRunners(processTable, folder.inside("run"));

  expect(await ended).toEqual([null, "SIGKILL"]);
});

function sleeper(cwd: string): ChildProcess {
  const child = spawn("sleep", ["60"], { cwd, stdio: "ignore" });
  started.push(child);
  return child;
}

test("F61: the folder of a runner that was not yet recorded when its agent was killed is removed, and nothing else", async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.inside("0123456789abcdef-3"), { mode: 0o500 });
  await mkdir(folder.inside("somebody's"));
  await writeFile(folder.inside("lock"), "10 100\n");

  await sweepRunners(processTable, folder.path);

  expect((await readdir(folder.path)).toSorted()).toEqual(["lock", "somebody's"]);
});
