import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";

const LAUNCHER = fileURLToPath(new URL("../../modelfleet/bin/modelfleet.js", import.meta.url));

let ending: () => Promise<unknown> = () => Promise.resolve();

afterEach(() => ending());

/** A demo whose fleet is up: every program it started is a child of it. */
async function startDemo() {
  const child = spawn(process.execPath, [LAUNCHER, "demo"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  ending = () => {
    child.kill("SIGTERM");
    return ended;
  };
  let [story, complaint] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (story += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString("utf8")));
  await eventually(() => expect(story).toContain("Version 1 is published"), { withinMs: 60_000 });
  return { child, ended, programs: programsOf(child.pid ?? 0), complaint: () => complaint };
}

interface Program {
  readonly pid: number;
  readonly command: string;
}

function programsOf(pid: number): readonly Program[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children.map((child) => ({ pid: Number(child), command: commandOf(Number(child)) ?? "" }));
}

/** undefined when there is no such process any more. */
function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return undefined; // It has ended, which is what is asked.
  }
}

const living = (programs: readonly Program[]) =>
  programs.filter(({ pid, command }) => commandOf(pid) === command);

test.runIf(process.platform === "linux")(
  "a demo whose agent dies says so in a sentence, ends every other program, and ends with exit code 1",
  async () => {
    const { child, ended, programs, complaint } = await startDemo();
    const agent = programs.find(({ command }) => command.includes("demo-2"));

    process.kill(agent?.pid ?? Number.NaN, "SIGKILL");
    await ended;

    expect(child.exitCode).toBe(1);
    expect(complaint()).toMatch(
      /^the demo stopped: expected the agent demo-2 to run on, but it ended/,
    );
    expect(complaint()).not.toMatch(/^\s+at /m);
    expect(programs.length).toBeGreaterThanOrEqual(4);
    expect(living(programs)).toEqual([]);
  },
);

test.runIf(process.platform === "linux")(
  "a demo that is told to stop ends every program it started",
  async () => {
    const { child, ended, programs, complaint } = await startDemo();

    child.kill("SIGTERM");
    await ended;

    expect(child.exitCode).toBe(1);
    expect(complaint()).toBe("the demo stopped: it was told to (SIGTERM)\n");
    expect(living(programs)).toEqual([]);
  },
);

test.each([["--nonsense"], ["again"]])("modelfleet demo %s is a usage error", async (argument) => {
  const child = spawn(process.execPath, [LAUNCHER, "demo", argument], { stdio: "ignore" });
  await once(child, "close");

  expect(child.exitCode).toBe(2);
});
