import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packFolder } from "../../../tools/pack/pack-folder.ts";
import { platforms } from "../../../tools/pack/platform.ts";
import { askHttp } from "../agent/ask-http.ts";
import { eventually } from "../eventually.ts";

const root = join(import.meta.dirname, "../../..");

export type PackedAgent = AsyncDisposable & {
  readonly pid: number;
  readonly socketPath: string;
};

/**
 * The package for this machine's kind of device, unpacked as an integrator would, with a Node of its own: memory shared
 * with other programs of this machine would not be counted.
 */
export async function packHere(folder: string): Promise<string> {
  const platform = platforms.find(({ arch }) => arch === process.arch);
  if (platform === undefined) throw new RangeError(`expected a platform for ${process.arch}`);
  const builtAt = new Date("2026-11-01T00:00:00Z");
  await packFolder({ root, platform, folder, builtAt, node: process.execPath });
  return folder;
}

/** Starts an enrolled agent out of its package, with the defaults of a device in the field. */
export async function startPacked(
  packed: string,
  data: string,
  options: readonly string[] = [],
): Promise<PackedAgent> {
  const child = spawn(join(packed, "bin/modelfleet-agent"), ["start", "--data", data, ...options], {
    stdio: "ignore",
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const closed = once(child, "close");
  const socketPath = join(data, "agent.sock");
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    child.kill(signal);
    await closed;
  };
  try {
    const isLive = () => askHttp({ socketPath }, { path: "/v2/health/live" });
    await eventually(isLive, { withinMs: 20_000 });
  } catch (cause) {
    await end("SIGKILL");
    throw cause;
  }
  return { pid: child.pid ?? 0, socketPath, [Symbol.asyncDispose]: () => end("SIGTERM") };
}
