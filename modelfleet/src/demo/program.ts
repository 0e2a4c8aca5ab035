import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { demoLimits } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";

const LAUNCHER = fileURLToPath(new URL("../../bin/modelfleet.js", import.meta.url));

export type LogEvent = Readonly<Record<string, unknown>>;

export interface RunningProgram {
  readonly pid: number;
  /** Resolves with the first log event of this name that matches; rejects when the program ends or `withinMs` pass first. */
  readonly event: (
    name: string,
    withinMs: number,
    matches?: (event: LogEvent) => boolean,
  ) => Promise<LogEvent>;
  /** Resolves with what it said last when the process ends, however it ends. */
  readonly ended: Promise<string>;
  /** The last lines it wrote, for a person who asks why. */
  readonly lastLines: () => readonly string[];
  /** SIGTERM, and SIGKILL when that is not enough; or SIGKILL at once. Resolves when the process is gone. */
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Promise<void>;
}

export interface Launch {
  /** A program that becomes ours, like `["strace", "-D"]`: what ends the one ends the other. */
  readonly wrapper?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts `modelfleet …` as a process of its own; its log is JSON, one event a line. */
export function startProgram(args: readonly string[], launch: Launch = {}): RunningProgram {
  const [command = process.execPath, ...before] = launch.wrapper ?? [];
  const program = launch.wrapper === undefined ? [] : [process.execPath];
  const child = spawn(command, [...before, ...program, LAUNCHER, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: launch.env ?? process.env,
  });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const onLine = (line: string) => {
    lines.push(line);
    if (lines.length > demoLimits.logLinesKept) lines.shift();
    for (const listener of listeners) listener(line);
  };
  createInterface({ input: child.stdout }).on("line", onLine);
  createInterface({ input: child.stderr }).on("line", onLine);
  return {
    pid: child.pid ?? 0,
    ended: once(child, "close").then(() => lastWords(lines)),
    lastLines: () => lines,
    stop: (signal = "SIGTERM") => stop(child, signal),
    event: (name, withinMs, matches = () => true) =>
      awaitEvent({ child, lines, listeners, name, withinMs, matches }),
  };
}

interface Waiting {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  readonly listeners: Set<(line: string) => void>;
  readonly name: string;
  readonly withinMs: number;
  readonly matches: (event: LogEvent) => boolean;
}

function awaitEvent(waiting: Waiting): Promise<LogEvent> {
  return new Promise((resolve, reject) => {
    const fail = (code: "PROGRAM_ENDED" | "TIMEOUT", came: string) => {
      finish();
      const said = lastWords(waiting.lines);
      reject(new DemoError(code, `expected the event ${waiting.name}, but ${came}:\n${said}`));
    };
    const onLine = (line: string) => {
      const event = parseEvent(line);
      if (event?.["event"] !== waiting.name || !waiting.matches(event)) return;
      finish();
      resolve(event);
    };
    const onExit = () => fail("PROGRAM_ENDED", "the program ended");
    const timer = setTimeout(
      () => fail("TIMEOUT", `${waiting.withinMs} ms passed`),
      waiting.withinMs,
    );
    const finish = () => {
      clearTimeout(timer);
      waiting.listeners.delete(onLine);
      waiting.child.off("exit", onExit);
    };
    waiting.listeners.add(onLine);
    waiting.child.on("exit", onExit);
    for (const line of [...waiting.lines]) onLine(line);
  });
}

/** A log for people: its last lines, of an event its level, name and sentence. */
function lastWords(lines: readonly string[]): string {
  return lines
    .slice(-demoLimits.logLinesShown)
    .map((line) => {
      const event = parseEvent(line);
      if (event === undefined) return `  ${line}`;
      const { level, event: name, reason, msg } = event;
      return `  ${[level, name, reason, msg].filter((part) => typeof part === "string").join("  ")}`;
    })
    .join("\n");
}

function parseEvent(line: string): LogEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : undefined;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

async function stop(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), demoLimits.programStopMsMax);
  await exited;
  clearTimeout(timer);
}

export interface CommandResult {
  readonly exitCode: number;
  readonly answer: unknown;
  /** What it wrote on the output stream. */
  readonly output: string;
  /** The same, and then what it wrote on the error stream. */
  readonly text: string;
}

/**
 * Runs `modelfleet …` to its end. With --json among the arguments `answer` is what it printed.
 *
 * @param signal ends it by force; then this rejects
 * @throws DemoError TIMEOUT after `demoLimits.commandMsMax`; then it is ended by force too
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    timeout: demoLimits.commandMsMax,
    killSignal: "SIGKILL",
    signal,
  });
  const [output, complaint] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (child.signalCode === "SIGKILL") {
    const name = `modelfleet ${args.slice(0, 2).join(" ")}`;
    throw new DemoError("TIMEOUT", `expected ${name} to end within ${demoLimits.commandMsMax} ms`);
  }
  const firstLine = output.trim().split("\n")[0] ?? "";
  return {
    exitCode: child.exitCode ?? 1,
    answer: args.includes("--json") ? parseEvent(firstLine) : undefined,
    output,
    text: output + complaint,
  };
}
