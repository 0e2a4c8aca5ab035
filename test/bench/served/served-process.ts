import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { agentEnvironment, agentFlags } from "../agent-flags.ts";
import { SETTLE } from "./serve-on-request.ts";

/** Programs that serve a model over a Unix socket and TCP: ours, and the bare library in one process. */
const programs = {
  agent: "agent-server.ts",
  fixed: "fixed-server.ts",
  inline: "inline-server.ts",
  inProcess: "in-process-server.ts",
  shadow: "shadow-server.ts",
} as const;

const asPackaged = { flags: agentFlags, environment: agentEnvironment };
const asItComes = { flags: [], environment: {} };

export type ServedProcess = AsyncDisposable & {
  readonly socketPath: string;
  readonly tcpPort: number;
  readonly pid: number;
  /** Serve this version from now on; resolves when it does. The first call is the first load. */
  readonly serve: (version: string) => Promise<void>;
  /** Collects what is no longer used; bytes of objects and buffers that are left. */
  readonly settle: () => Promise<number>;
};

export type ServedOptions = {
  readonly folder: string;
  /** Path of the model file of each version. */
  readonly models: Readonly<Record<string, string>>;
  readonly inputs: number;
  readonly outputs: number;
};

/** Starts a server as a process of its own, so that the load it is put under does not slow it. */
export async function servedProcess(
  program: keyof typeof programs,
  options: ServedOptions,
): Promise<ServedProcess> {
  const path = fileURLToPath(new URL(programs[program], import.meta.url));
  const { flags, environment } = program === "agent" ? asPackaged : asItComes;
  const child = fork(path, [JSON.stringify(options)], {
    execArgv: ["--conditions=modelfleet-source", "--no-warnings", ...flags],
    // Read by the library while it loads; a server of ours sets it for its runners itself.
    env: { ...process.env, ...environment, ORT_DISABLE_TELEMETRY: "1" },
  });
  const { socketPath, tcpPort } = placeOf(await answer(child));
  return {
    socketPath,
    tcpPort,
    pid: child.pid ?? 0,
    serve: async (version) => {
      child.send(version);
      await answer(child);
    },
    settle: async () => {
      child.send(SETTLE);
      return Number(await answer(child));
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(child, "exit");
      child.disconnect();
      await closed;
    },
  };
}

async function answer(child: ChildProcess): Promise<unknown> {
  const heard = new AbortController();
  const { signal } = heard;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`expected the server to go on, it ended with ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [
      unknown,
    ];
    return message;
  } finally {
    ended.catch(() => undefined);
    heard.abort();
  }
}

function placeOf(message: unknown): { readonly socketPath: string; readonly tcpPort: number } {
  if (typeof message === "object" && message !== null) {
    const { socketPath, tcpPort } = message as { socketPath?: unknown; tcpPort?: unknown };
    if (typeof socketPath === "string" && typeof tcpPort === "number")
      return { socketPath, tcpPort };
  }
  throw new TypeError("expected the server to say where it listens");
}
