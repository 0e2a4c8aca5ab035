import type { RequestTimes, Runner, UnnumberedRequest } from "../../loading/runner.ts";
import { RunnerGone } from "../../loading/runner-gone.ts";
import type { Clock } from "../../ports/clock.ts";
import { answerRequests } from "../../runner/answer-requests.ts";
import { loadRuntime } from "../../runner/load-runtime.ts";
import type { Runtime, RuntimeModel } from "../../runner/runtime.ts";
import type { RunnerAnswer, RunnerRequest } from "../../wire/message.ts";
import type { RuntimeId } from "../../wire/runtime-id.ts";

/**
 * A runner in this very process, for devices too small for a second one. Rules:
 *
 * 1. One request at a time, in the order asked. The native library works on the event loop, so while it does nothing
 *    else happens here: no other answer, no heartbeat.
 * 2. Nothing can be interrupted. What took longer than it may is refused when it ends; a caller whose time is over
 *    while its request waits is answered as soon as the loop is free, and the request is not run.
 * 3. A model that crashes takes the agent with it: there is no boundary.
 */
export class InlineRunner implements Runner {
  readonly exited: Promise<string>;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #answer: (request: RunnerRequest) => Promise<RunnerAnswer>;
  #model: RuntimeModel | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isStopping = false;
  #lastId = 0;
  #ended: (reason: string) => void = () => undefined;

  constructor(
    clock: Pick<Clock, "monotonicMs">,
    start: (id: RuntimeId) => Promise<Runtime> = loadRuntime,
  ) {
    this.#clock = clock;
    this.#answer = answerRequests(async (id) => this.#watched(await start(id)));
    this.exited = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  ask(request: UnnumberedRequest, times: RequestTimes): Promise<RunnerAnswer> {
    if (this.#isStopping) return Promise.reject(new RunnerGone("ENDED", "runner stopped"));
    const askedMs = this.#clock.monotonicMs();
    this.#lastId += 1;
    const numbered: RunnerRequest = { ...request, id: this.#lastId };
    const answered = this.#turn.then(() => this.#run(numbered, times, askedMs));
    this.#turn = answered.catch(ignoreFailure);
    return answered;
  }

  /** What was asked before is answered first: a session must not be released with work in it. */
  async stop(): Promise<void> {
    const isFirst = !this.#isStopping;
    this.#isStopping = true;
    await this.#turn;
    if (isFirst) {
      await this.#model?.dispose();
      this.#model = undefined;
      this.#ended("runner stopped");
    }
    await this.exited;
  }

  async #run(
    request: RunnerRequest,
    { runMsMax, times, timeoutMs }: RequestTimes,
    askedMs: number,
  ): Promise<RunnerAnswer> {
    const beganMs = this.#clock.monotonicMs();
    if (timeoutMs !== undefined && beganMs - askedMs > timeoutMs) {
      throw new RunnerGone(
        "LATE",
        `expected an answer within ${Math.round(timeoutMs)} ms, got none`,
      );
    }
    const answer = await this.#answer(request);
    const tookMs = this.#clock.monotonicMs() - beganMs;
    times?.note(tookMs);
    if (tookMs <= runMsMax) return answer;
    const limit = `expected an answer within ${runMsMax} ms`;
    throw new RunnerGone("TOO_LONG", `${limit}, got it after ${Math.round(tookMs)} ms`);
  }

  /** The conversation keeps its model to itself, and a process gives it back by ending; here somebody must. */
  #watched(runtime: Runtime): Runtime {
    return {
      name: runtime.name,
      load: async (files, options) => {
        const model = await runtime.load(files, options);
        this.#model = model;
        return model;
      },
    };
  }
}

/** Whoever asked has it. */
function ignoreFailure(): void {
  return;
}
