import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** The README's three terminals, as typed; only the controller's ports are free ones instead of the default. */
let terminals: readonly string[][];
let folder: TemporaryFolder;
let environment: NodeJS.ProcessEnv;
let ports: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  const readme = await readFile("README.md", "utf8");
  const section = readme.slice(
    readme.indexOf("## By hand"),
    readme.indexOf("## How it fits together"),
  );
  terminals = [...section.matchAll(/```console\n([\s\S]*?)```/g)].map((block) =>
    (block[1] ?? "").trim().split("\n"),
  );
  folder = await temporaryFolder();
  for (const name of ["node_modules", "package.json", "examples"]) {
    await symlink(resolve(name), join(folder.path, name));
  }
  const httpPort = await freePort();
  ports = ` --http-port ${httpPort} --mqtt-port 0`;
  environment = { ...process.env, MODELFLEET_URL: `http://127.0.0.1:${httpPort}` };
});

afterAll(async () => {
  for (const child of running.toReversed()) {
    const ended = once(child, "exit");
    process.kill(-(child.pid ?? 0), "SIGTERM");
    await ended;
  }
  await folder[Symbol.asyncDispose]();
});

/** Types a command that goes on, and waits for a word in what it prints. */
async function keepRunning(command: string, word: string): Promise<void> {
  const child = spawn("bash", ["-c", `exec ${command}`], {
    cwd: folder.path,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.push(child);
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  await eventually(() => expect(printed).toContain(word), { withinMs: 30_000 });
}

/** Types a command that ends, and returns what it printed; fails with it when it did not work. */
async function type(command: string): Promise<string> {
  const child = spawn("bash", ["-c", command], { cwd: folder.path, env: environment });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
  const [exitCode] = (await once(child, "close")) as [number | null];
  expect(exitCode, `${command}\n${printed}`).toBe(0);
  return printed;
}

test("the README's three terminals, as typed, end with a device that reads a seven", async () => {
  const [first = [], second = [], third = [], last = [], rollout = []] = terminals;
  expect(terminals.map((commands) => commands.length)).toEqual([1, 2, 4, 2, 3]);

  await keepRunning(`${first[0] ?? ""}${ports}`, "controller.listening");
  await type(second[0] ?? "");
  await keepRunning(second[1] ?? "", "agent.ready");
  const printed: string[] = [];
  for (const command of third) printed.push(await type(command));
  const telemetry = await eventually(
    async () => {
      const shown = await type(last[0] ?? "");
      expect(shown).toContain("ink.mean");
      return shown;
    },
    { withinMs: 20_000, everyMs: 500 },
  );
  const status = await type(last[1] ?? "");
  const planned = await type(rollout[0] ?? "");
  const started = await type(rollout[1] ?? "");
  const [, id = ""] = /^rollout (\w+)/m.exec(started) ?? [];
  const watched = await type((rollout[2] ?? "").replace("ID", id));

  expect(printed[2]).toContain("device-1");
  expect(printed[3]).toContain('"model_version":"2.0.0"');
  expect(printed[3]).toContain('"data":[7]');
  expect(telemetry).toContain("digits@2.0.0");
  expect(status).toContain("digits");
  expect(planned).toContain("digits@2.0.0 for 1 device; nothing has changed");
  expect(watched).toMatch(new RegExp(`^rollout ${id} .* completed$`, "m"));
});
