import type { RunningProgram } from "../../../modelfleet/src/demo/program.ts";
import { startProgram } from "../../../modelfleet/src/demo/program.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";

/** A controller that does not lead its rollouts by then has not come back. */
const LEAD_MS_MAX = 20_000;
const ASK_MS_MAX = 2_000;
/** For the whole of a question, over as many deaths as come meanwhile. */
const patience = { withinMs: 60_000, everyMs: 25 };

/** When the controller that has just been started is to die; undefined: not by itself. */
export type Deadline = (kill: () => void) => Disposable | undefined;

/**
 * A controller as a process of its own, as a person starts it, that is killed with SIGKILL and started again, always on the
 * same folder and ports.
 */
export class MortalController implements AsyncDisposable {
  readonly folder: string;
  readonly #cacheFolder: string;
  readonly #ports: { readonly http: number; readonly mqtt: number };
  readonly #externalBroker: string | undefined;
  #program: RunningProgram | undefined;
  #life: Promise<void> = Promise.resolve();
  #isStopping = false;
  /** From the death of one to the next one's leading of rollouts, ms. */
  readonly resumeMs: number[] = [];
  /** What it said when it ended by itself. */
  readonly deaths: string[] = [];
  kills = 0;

  private constructor(
    folders: { readonly folder: string; readonly cacheFolder: string },
    ports: { readonly http: number; readonly mqtt: number },
    externalBroker: string | undefined,
  ) {
    this.folder = folders.folder;
    this.#cacheFolder = folders.cacheFolder;
    this.#ports = ports;
    this.#externalBroker = externalBroker;
  }

  /** @param externalBroker URL of a broker that lives without it; the one inside when left out */
  static async at(
    folder: string,
    cacheFolder: string,
    externalBroker?: string,
  ): Promise<MortalController> {
    const ports = { http: await freePort(), mqtt: await freePort() };
    return new MortalController({ folder, cacheFolder }, ports, externalBroker);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  get brokerUrl(): string {
    return this.#externalBroker ?? `mqtt://127.0.0.1:${this.#ports.mqtt}`;
  }

  /** It lives, and after each kill again, until `stop`. */
  start(deadline: Deadline): void {
    this.#isStopping = false;
    this.#life = this.#live(deadline);
  }

  /** @param signal SIGKILL ends it like any other death */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#isStopping = true;
    await this.#program?.stop(signal);
    await this.#life;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("SIGKILL");
  }

  /** Asks its API until it answers with something else than a fault of its own. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return eventually(async () => {
      const signal = AbortSignal.timeout(ASK_MS_MAX);
      const answer = await fetch(`${this.url}${path}`, {
        ...init,
        signal,
      });
      if (answer.status >= 500) throw new Error(`${path} answered ${answer.status}`);
      return answer;
    }, patience);
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    return this.ask(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  async #live(deadline: Deadline): Promise<void> {
    let diedAtMs: number | undefined;
    while (!this.#isStopping && this.deaths.length === 0) {
      const program = this.#spawn();
      this.#program = program;
      void this.#timeResume(program, diedAtMs);
      await this.#lifeOf(program, deadline);
      diedAtMs = performance.now();
    }
  }

  async #lifeOf(program: RunningProgram, deadline: Deadline): Promise<void> {
    const killed = new AbortController();
    const death = deadline(() => {
      killed.abort();
      void program.stop("SIGKILL");
    });
    const lastWords = await program.ended;
    death?.[Symbol.dispose]();
    if (killed.signal.aborted) this.kills += 1;
    else if (!this.#isStopping) this.deaths.push(lastWords);
  }

  #spawn(): RunningProgram {
    const { http, mqtt } = this.#ports;
    const broker = this.#externalBroker;
    return startProgram(
      [
        ...["controller", "start", "--dev", "--data", this.folder, "--http-port", String(http)],
        ...(broker === undefined ? ["--mqtt-port", String(mqtt)] : ["--broker-url", broker]),
      ],
      { env: { ...process.env, NODE_COMPILE_CACHE: this.#cacheFolder } },
    );
  }

  async #timeResume(program: RunningProgram, diedAtMs: number | undefined): Promise<void> {
    const isDead = program.ended.then(() => true);
    // Rejects when it is killed before, or is too late.
    const led = program.event("rollouts.led", LEAD_MS_MAX).then(
      () => false,
      () => false,
    );
    if (await Promise.race([isDead, led])) return;
    if (diedAtMs !== undefined) this.resumeMs.push(Math.round(performance.now() - diedAtMs));
  }
}
