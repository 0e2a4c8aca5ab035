import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { SimulatorError } from "../simulator-error.ts";
import type { FleetAnswer, FleetWord } from "./fleet-words.ts";

const isSource = import.meta.url.endsWith(".ts");
const PROGRAM = fileURLToPath(
  new URL(isSource ? "./fleet-program.ts" : "./fleet-program.js", import.meta.url),
);

/** A part of a simulated fleet in a process of its own. It ends with this one. */
export class FleetProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor() {
    const execArgv = isSource ? ["--conditions=modelfleet-source"] : [];
    this.#child = fork(PROGRAM, { execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#ended = once(this.#child, "exit").then(() => {
      throw new SimulatorError("FLEET", "expected a process of devices to live on, it has ended");
    });
    // Whoever asks it something hears of it.
    this.#ended.catch(() => undefined);
  }

  /** One word at a time. @throws SimulatorError FLEET when it has ended */
  async tell(word: FleetWord): Promise<FleetAnswer> {
    const answer = once(this.#child, "message");
    this.#child.send(word);
    const [said] = (await Promise.race([answer, this.#ended])) as [FleetAnswer];
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
