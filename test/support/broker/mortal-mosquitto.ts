import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A Mosquitto of the configuration in a file, which is killed with SIGKILL and started again on the same port. */
export class MortalMosquitto implements AsyncDisposable {
  readonly port: number;
  kills = 0;
  readonly #config: string;
  readonly #log: string[] = [];
  #folder: AsyncDisposable | undefined;
  #child: ChildProcess | undefined;
  #lane: Promise<void> = Promise.resolve();

  constructor(config: string, port: number) {
    this.#config = config;
    this.port = port;
  }

  /** As it comes from a package: one port of this machine, its own limits, everybody let in. */
  static async plain(port: number): Promise<MortalMosquitto> {
    const folder = await temporaryFolder("modelfleet-mosquitto-");
    const config = folder.inside("mosquitto.conf");
    await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
    await readable(folder.path);
    const broker = new MortalMosquitto(config, port);
    broker.#folder = folder;
    return broker;
  }

  async start(): Promise<void> {
    const child = spawn("mosquitto", ["-c", this.#config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    child.stderr.on("data", (chunk: Buffer) => this.#log.push(chunk.toString("utf8")));
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`mosquitto has ended: ${this.log()}`);
      const socket = connect({ host: "127.0.0.1", port: this.port });
      await once(socket, "connect").finally(() => socket.destroy());
    });
  }

  /** It dies, and begins anew after so long, with no memory of anything. One death at a time. */
  strike(downMs: number): Promise<void> {
    const next = this.#lane.then(async () => {
      await this.kill();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await this.start();
    });
    this.#lane = next;
    return next;
  }

  async kill(): Promise<void> {
    this.kills += 1;
    await this.#end("SIGKILL");
  }

  /** Reads its rights anew. */
  async reload(): Promise<void> {
    const before = this.#log.length;
    this.#child?.kill("SIGHUP");
    await eventually(() => this.#log.slice(before).join("").includes("Reloading config"));
  }

  log(): string {
    return this.#log.join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lane.catch(() => undefined);
    await this.#end("SIGTERM");
    await this.#folder?.[Symbol.asyncDispose]();
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

/** Started by root it becomes another user, who reads these files. */
export async function readable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644);
}
