import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { askHttp } from "../support/agent/ask-http.ts";

const AGENT = "agent/bin/modelfleet-agent.js";

/** A real agent on a data folder, started as a person would start it. */
export function startAgentProcess(data: string, cacheFolder: string): ChildProcess {
  return spawn(process.execPath, [AGENT, "start", "--data", data, "--confirm-ms", "50"], {
    stdio: ["ignore", "ignore", "inherit"],
    // Code that was compiled once is not compiled again: most of what a start takes.
    env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
  });
}

/** @returns how it ended: the exit code, or the signal */
export async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}

const values = [3, 4];

/** The version that answers, as it should; undefined while nothing does. @throws Error when the answer is wrong */
export async function versionServed(data: string): Promise<string | undefined> {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: values }];
  const request = { path: "/v2/models/digits/infer", body: { inputs } };
  const asked = askHttp({ socketPath: join(data, "agent.sock") }, request);
  const answer = await asked.catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const told = answer.json() as {
    readonly model_version: string;
    readonly outputs: readonly { readonly data: readonly number[] }[];
  };
  const output = JSON.stringify(told.outputs[0]?.data);
  if (output !== JSON.stringify(values)) throw new Error(`expected the inputs back, got ${output}`);
  return told.model_version;
}

/** Processes that work in a folder below this one: runners of an agent. */
export async function processesBelow(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const folders = await Promise.all(
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")),
  );
  return pids.filter((_, index) => folders[index]?.startsWith(`${folder}/`) === true);
}
