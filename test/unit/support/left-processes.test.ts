import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { endProcesses, leftProcesses } from "../../support/left-processes.ts";

const mark = { name: "MODELFLEET_TEST_LEFT", value: `${process.pid} ${performance.timeOrigin}` };
const lives = "setInterval(() => {}, 1000)";
/** Starts another process in its own place, says its number and ends. */
const abandons = `
  const { spawn } = require("node:child_process");
  const child = spawn(process.execPath, ["-e", ${JSON.stringify(lives)}], { stdio: "ignore", detached: true });
  console.log(child.pid);
  child.unref();`;
const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) process.kill(pid, "SIGKILL");
});

const pidsLeft = (value = mark.value) => leftProcesses({ ...mark, value }).map(({ pid }) => pid);

function start(program: string, env: NodeJS.ProcessEnv) {
  return spawn(process.execPath, ["-e", program], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
}

test.skipIf(process.platform !== "linux")(
  "a child that lives is left, marked or not, and one that has ended is not",
  async () => {
    const child = start(lives, {});
    started.push(child.pid ?? 0);

    const before = leftProcesses(mark);
    started.splice(0);
    child.kill("SIGKILL");
    await once(child, "exit");

    expect(before).toContainEqual({ pid: child.pid, command: `${process.execPath} -e ${lives}` });
    expect(pidsLeft()).not.toContain(child.pid);
  },
);

test.skipIf(process.platform !== "linux")(
  "a process whose parent has gone is left when it carries the mark, and is nobody's with another",
  async () => {
    const parent = start(abandons, { [mark.name]: mark.value });
    const lines = createInterface({ input: parent.stdout });
    const abandoned = Number(await new Promise((resolve) => lines.once("line", resolve)));
    started.push(abandoned);

    await eventually(() => parent.exitCode === 0);

    expect(pidsLeft()).toContain(abandoned);
    expect(pidsLeft("another")).not.toContain(abandoned);
  },
);

test("what is left is ended, also behind one that has ended meanwhile", async () => {
  const [gone, child] = [start("", {}), start(lives, {})];
  await once(gone, "close");
  started.push(child.pid ?? 0);

  endProcesses([gone, child].map(({ pid = 0 }) => ({ pid, command: "" })));
  await once(child, "exit");
  started.splice(0);

  expect(child.signalCode).toBe("SIGKILL");
});
