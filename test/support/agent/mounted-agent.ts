import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Whether this user may mount in a namespace of its own; prints why not. */
export function mayMount(): boolean {
  try {
    execFileSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "pipe" });
    return true;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n").at(-2) : "unknown";
    console.info(`skipped: a real disk cannot be mounted here: ${reason}`);
    return false;
  }
}

export type MountedAgentOptions = {
  /** Shell commands that mount the data folder, before the agent starts. */
  readonly mount: string;
  readonly data: string;
  readonly temporary: string;
  readonly args?: readonly string[];
};

/**
 * A real agent whose data folder is mounted as told, in a mount namespace of its own. `shell` runs a command in there;
 * `events`: what the agent logged. It closes with `await using`.
 */
export function mountedAgent({ mount, data, temporary, args = [] }: MountedAgentOptions) {
  const events: Record<string, unknown>[] = [];
  const agent = [process.execPath, "agent/bin/modelfleet-agent.js", "start", "--data", data];
  const command = [...agent, "--confirm-ms", "100", ...args].map((word) => `'${word}'`).join(" ");
  const script = [
    ...["set -e", mount, "exec 3<&0", `${command} </dev/null & pid=$!`],
    'while read -r told <&3; do eval "$told"; echo done >&2; done',
    "kill $pid; wait $pid",
  ];
  const child: ChildProcess = spawn("unshare", ["-rm", "sh", "-c", script.join("\n")], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
  });
  if (child.stdout === null || child.stderr === null) throw new TypeError("expected pipes");
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line) as Record<string, unknown>);
  });
  const said = createInterface({ input: child.stderr });
  return {
    events,
    shell: async (told: string) => {
      child.stdin?.write(`${told}\n`);
      await once(said, "line");
    },
    ended: () => child.exitCode ?? child.signalCode,
    [Symbol.asyncDispose]: async () => {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}
