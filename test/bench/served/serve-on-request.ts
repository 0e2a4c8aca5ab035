import { startLocalApi } from "../../../agent/src/adapters/local-api/local-api.ts";
import type { ServedModels } from "../../../agent/src/domain/open-inference/served-models.ts";
import { giveBackMemory } from "../../../agent/src/runner/give-back-memory.ts";
import type { ServedOptions } from "./served-process.ts";

/** In place of a version: collect what is no longer used, and say how many bytes of objects and buffers are left. */
export const SETTLE = "settle";

/** Listens, and serves whatever version the parent process names, until the parent is gone. */
export async function serveOnRequest(
  { folder }: ServedOptions,
  models: ServedModels,
  serve: (version: string) => Promise<void>,
  stop: () => Promise<void>,
): Promise<void> {
  const api = await startLocalApi({
    socketPath: `${folder}/${process.pid}.sock`,
    tcpPort: 0,
    models,
    status: () => ({}),
    agentVersion: "bench",
    onDefect: (error) => console.error(error),
  });
  process.on("message", (version) => {
    if (version === SETTLE) return void process.send?.(settle());
    void serve(String(version)).then(() => process.send?.("served"));
  });
  process.on("disconnect", () => {
    void api[Symbol.asyncDispose]().then(stop);
  });
  process.send?.({ socketPath: api.socketPath, tcpPort: api.tcpPort });
}

function settle(): number {
  giveBackMemory();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export function readOptions(): ServedOptions {
  return JSON.parse(process.argv[2] ?? "null") as ServedOptions;
}
