import { runnerLimits } from "@modelfleet/protocol";
import type { RequestTimes, Runner, UnnumberedRequest } from "../../loading/runner.ts";
import { RunnerGone } from "../../loading/runner-gone.ts";
import type { Clock } from "../../ports/clock.ts";
import { answerRequests } from "../../runner/answer-requests.ts";
import { loadRuntime } from "../../runner/load-runtime.ts";
import type { Runtime, RuntimeModel } from "../../runner/runtime.ts";
import type { RunnerAnswer, RunnerRequest } from "../../wire/message.ts";
import type { RuntimeId } from "../../wire/runtime-id.ts";
import { InlinePace } from "./inline-pace.ts";

/**
 * A runner in this very process, for devices too small for a second one. Rules:
 *
 * 1. One request at a time, in the order asked. The native library works on the event loop, so while it does nothing
 *    else happens here: no other answer, no heartbeat.
 * 2. A turn of the event loop costs more than a small model. Of one on the native library, as many requests as take
 *    `inlineTurnMsMax` together are worked off in one turn; of a slower one, or another library, one.
 * 3. Nothing can be interrupted. What took longer than it may is refused when it ends; a caller whose time is over
 *    while its request waits is answered as soon as the loop is free, and the request is not run, unless its turn had begun.
 * 4. A model that crashes takes the agent with it: there is no boundary.
 * 5. No memory is collected when a model was loaded, as a process of its own does: here others are answered meanwhile,
 *    and what a collection of everything drops are the requests' own compiled ways (docs/decisions/0016).
 */
export class InlineRunner implements Runner {
  readonly exited: Promise<string>;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #answer: (request: RunnerRequest) => Promise<RunnerAnswer>;
  #model: RuntimeModel | undefined;
  /** When the turn begins that the next request may join, and when everything asked so far has ended. */
  #begins: Promise<unknown> = Promise.resolve();
  #ends: Promise<unknown> = Promise.resolve();
  #inTurn = 0;
  #isNative = false;
  readonly #pace = new InlinePace();
  #isStopping = false;
  #lastId = 0;
  #ended: (reason: string) => void = () => undefined;

  constructor(
    clock: Pick<Clock, "monotonicMs">,
    start: (id: RuntimeId) => Promise<Runtime> = loadRuntime,
  ) {
    this.#clock = clock;
    this.#answer = answerRequests(async (id) => {
      const runtime = await start(id);
      this.#isNative = id === "onnxruntime-node";
      return this.#watched(runtime);
    });
    this.exited = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  ask(request: UnnumberedRequest, times: RequestTimes): Promise<RunnerAnswer> {
    if (this.#isStopping) return Promise.reject(new RunnerGone("ENDED", "runner stopped"));
    const askedMs = this.#clock.monotonicMs();
    this.#lastId += 1;
    const numbered: RunnerRequest = { ...request, id: this.#lastId };
    if (request.kind !== "infer" || this.#inTurn >= this.#turnMax()) {
      this.#begins = this.#ends;
      this.#inTurn = 0;
    }
    // Nothing joins what starts a runtime or loads a model.
    this.#inTurn += request.kind === "infer" ? 1 : Number.POSITIVE_INFINITY;
    const answered = this.#begins.then(() => this.#run(numbered, times, askedMs));
    const before = this.#ends;
    this.#ends = answered.then(
      () => before,
      () => before,
    );
    return answered;
  }

  /** How many requests it may be given at once. */
  pipelined(): number {
    return Math.max(runnerLimits.pipelinedMax, this.#turnMax());
  }

  #turnMax(): number {
    return this.#isNative ? this.#pace.turnMax() : 1;
  }

  /** What was asked before is answered first: a session must not be released with work in it. */
  async stop(): Promise<void> {
    const isFirst = !this.#isStopping;
    this.#isStopping = true;
    await this.#ends;
    if (!isFirst) {
      await this.exited;
      return;
    }
    const model = this.#model;
    this.#model = undefined;
    try {
      await model?.dispose();
    } finally {
      this.#ended("runner stopped");
    }
  }

  async #run(
    request: RunnerRequest,
    { runMsMax, times, timeoutMs }: RequestTimes,
    askedMs: number,
  ): Promise<RunnerAnswer> {
    let beganMs = this.#clock.monotonicMs();
    refuseLate(beganMs - askedMs, timeoutMs);
    // The native library works in an immediate of its own: this one comes just before it.
    const began = () => {
      beganMs = this.#clock.monotonicMs();
    };
    if (this.#isNative) setImmediate(began);
    const answer = await this.#answer(request);
    const tookMs = this.#clock.monotonicMs() - beganMs;
    times?.note(tookMs);
    if (request.kind === "infer") this.#pace.note(tookMs);
    refuseLate(beganMs - askedMs, timeoutMs);
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

/** @throws RunnerGone LATE when the caller's time was over before its request was run */
function refuseLate(waitedMs: number, timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || waitedMs <= timeoutMs) return;
  throw new RunnerGone("LATE", `expected an answer within ${Math.round(timeoutMs)} ms, got none`);
}
