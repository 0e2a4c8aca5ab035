import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ClaimCreated, Deployment, Release } from "@modelfleet/protocol";
import { runCommand } from "../../../modelfleet/src/demo/program.ts";
import { eventually } from "../eventually.ts";
import { askDevice, blankDigit } from "../fleet/ask-device.ts";
import { runHere } from "../fleet/run-here.ts";
import { startAgent, type TestAgent } from "../fleet/small-fleet.ts";
import type { Random } from "../random.ts";
import type { MortalController } from "../rollout-killed/mortal-controller.ts";

export const agentId = "real-agent";
const askEveryMs = 20;
/** Between two kills it serves for some windows of a second. */
const lifeMsMin = 1_500;
const lifeMsMax = 5_000;
const patience = { withinMs: 60_000, everyMs: 100 };

export interface AgentResult {
  readonly kills: number;
  /** Requests it was asked, answered or not. */
  readonly asked: number;
  readonly outboxBytesMax: number;
}

/** A real agent of the fleet that measures a real model, and is killed with SIGKILL at random moments. */
export class RealAgent {
  readonly #data: string;
  readonly #random: Random;
  readonly #stopped = new AbortController();
  #agent: TestAgent | undefined;
  #lane: Promise<void> = Promise.resolve();
  #failure: unknown;
  #kills = 0;
  #asked = 0;
  #outboxBytesMax = 0;

  private constructor(data: string, random: Random) {
    this.#data = data;
    this.#random = random;
  }

  /** Enrolled, and it serves. */
  static async at(data: string, controller: MortalController, random: Random): Promise<RealAgent> {
    const claim = await controller.post("/v1/claims", { class: "generic" });
    const { enrolment } = ClaimCreated.parse(await claim.json());
    const enrol = ["agent", "enrol", enrolment, "--data", data, "--device-id", agentId];
    const enrolled = await runCommand(enrol, {});
    if (enrolled.exitCode !== 0) throw new Error(`the agent could not enrol: ${enrolled.text}`);
    const agent = new RealAgent(data, random);
    agent.#agent = await startAgent(agentId, data);
    const env = { MODELFLEET_URL: controller.url };
    const published = await runHere(["release", "publish", digits, "--json"], env);
    Release.parse(published.answer);
    const deployed = ["deploy", "digits@2.0.0", "--device", agentId, "--wait", "--json"];
    Deployment.parse((await runHere(deployed, env)).answer);
    return agent;
  }

  get kills(): number {
    return this.#kills;
  }

  /** It did not start again, which `finish` tells. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  start(): void {
    this.#lane = Promise.all([this.#ask(), this.#die()]).then(
      () => undefined,
      (failure: unknown) => {
        this.#failure = failure;
      },
    );
  }

  /** No kill any more: it sends what it owes, and ends as it is asked to. */
  async finish(): Promise<AgentResult> {
    this.#stopped.abort();
    await this.#lane;
    if (this.hasFailed) throw new Error("the agent did not start again", { cause: this.#failure });
    await eventually(async () => (await this.#owed()).entries === 0, patience);
    await this.#agent?.program.stop("SIGTERM");
    const outboxBytesMax = this.#outboxBytesMax;
    return { kills: this.#kills, asked: this.#asked, outboxBytesMax };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#agent?.program.stop("SIGKILL");
    await this.#lane;
  }

  async #ask(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#asked += 1;
      const path = "/v2/models/digits/infer";
      const socket = this.#agent?.socketPath ?? "";
      await askDevice(socket, path, blankDigit).catch(() => undefined);
      await this.#rest(askEveryMs);
    }
  }

  async #die(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#rest(lifeMsMin + this.#random.below(lifeMsMax - lifeMsMin));
      await this.#agent?.program.stop("SIGKILL");
      this.#kills += 1;
      const { bytes } = await this.#owed();
      this.#outboxBytesMax = Math.max(this.#outboxBytesMax, bytes);
      this.#agent = await startAgent(agentId, this.#data);
    }
  }

  /** What lies in its outbox of telemetry. */
  async #owed(): Promise<{ readonly entries: number; readonly bytes: number }> {
    const folder = join(this.#data, "outbox", "tele");
    const names = await readdir(folder).catch(() => []);
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(folder, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    return { entries: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  #rest(ms: number): Promise<void> {
    const { signal } = this.#stopped;
    return wait(ms, undefined, { signal }).catch(() => undefined);
  }
}

const digits = "examples/digits/releases/2.0.0";
