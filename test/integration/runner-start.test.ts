import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unconfined } from "../../agent/src/adapters/runner-process/confinement.ts";
import { runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const never = new AbortController().signal;
const small = { onnx: Buffer.from("not read"), io: denseContract(4, 3) };
const outOfHandles = fileURLToPath(new URL("../support/agent/out-of-handles.ts", import.meta.url));

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A runner's main file of these words. */
async function script(source: string): Promise<string> {
  const path = folder.inside("script.cjs");
  await writeFile(path, source);
  return path;
}

test("a load that is given up while its process is started does not wait for that process", async () => {
  const giveUp = new AbortController();
  await using early = await runnerFixture({
    runnerPath: await script("setInterval(() => {}, 1000)"),
    confinement: () => {
      giveUp.abort(new Error("a newer release came"));
      return Promise.resolve(unconfined);
    },
  });
  const staged = await stageModel(early.folder.path, { ...small, limits: { loadMs: 600_000 } });

  await expect(early.host.load(staged, giveUp.signal, "trial")).rejects.toThrow(
    "a newer release came",
  );
  expect(await runnerPids(early.folder.path)).toEqual([]);
});

test("a load whose process leaves another that holds its pipes is over when its own process is", async () => {
  const pidPath = folder.inside("left.pid");
  const leaves = `
    const { spawn } = require("child_process");
    const left = spawn("/bin/sleep", ["600"], { stdio: ["ignore", "ignore", 2, 3] });
    require("fs").writeFileSync(${JSON.stringify(pidPath)}, String(left.pid));
    process.exit(7);
  `;
  await using leaving = await runnerFixture({ runnerPath: await script(leaves) });
  const staged = await stageModel(leaving.folder.path, small);

  const load = leaving.host.load(staged, never, "trial");

  await expect(load).rejects.toMatchObject({
    code: "RUNNER_CRASH",
    message: "loading: runner ended with exit code 7",
  });
  process.kill(Number(await readFile(pidPath, "utf8")), "SIGKILL");
});

test("a load for which the system starts no process at all is refused, and leaves nothing", async () => {
  await using full = await runnerFixture({ runnerPath: "x".repeat(200_000) });
  const staged = await stageModel(full.folder.path, small);

  await expect(full.host.load(staged, never, "trial")).rejects.toMatchObject({
    code: "RUNNER_CRASH",
    message: "runner could not be started: spawn E2BIG",
  });
  expect(await readdir(full.folder.inside("run"))).toEqual([]);
});

test("a load for which no file handle is left is refused, and may be tried again", async () => {
  const few = 'ulimit -n 64; exec "$0" "$@"';
  const node = [process.execPath, ...process.execArgv, outOfHandles];

  const { stdout } = await promisify(execFile)("/bin/sh", ["-c", few, ...node]);

  expect(stdout).toBe("INSUFFICIENT_MEMORY runner could not be started: spawn node EMFILE\n");
});
