import { runnerLimits } from "@modelfleet/protocol";
import type { RequestTimes, UnnumberedRequest } from "../../loading/runner.ts";
import { RunnerGone } from "../../loading/runner-gone.ts";
import { FrameError } from "../../wire/frame.ts";
import { encodeMessage, type RunnerAnswer, type RunnerRequest } from "../../wire/message.ts";

interface Waiting {
  readonly request: RunnerRequest;
  readonly runMsMax: number;
  readonly times: RequestTimes["times"];
  readonly resolve: (answer: RunnerAnswer) => void;
  readonly reject: (error: Error) => void;
  /** Rings when the caller waits no longer. */
  readonly late: NodeJS.Timeout | undefined;
}

export interface RequestLineOptions {
  readonly send: (chunks: readonly Uint8Array[]) => void;
  /** The request at the head has run longer than it may; it is already rejected. */
  readonly onTooLong: (limitMs: number) => void;
  readonly monotonicMs: () => number;
}

/**
 * Requests to one runner, first come, first served.
 *
 * 1. At most `pipelinedMax` are with the runner; the rest wait here, where they can still be withdrawn.
 * 2. The time of a request counts from when it is the runner's next, not from when it was asked.
 * 3. Answers come in the order of the requests; any other is a FrameError.
 */
export class RequestLine {
  readonly #options: RequestLineOptions;
  #waiting: Waiting[] = [];
  #sent: Waiting[] = [];
  #lastId = 0;
  #alarm: NodeJS.Timeout | undefined;
  #headSinceMs = 0;

  constructor(options: RequestLineOptions) {
    this.#options = options;
  }

  ask(
    unnumbered: UnnumberedRequest,
    { runMsMax, times, timeoutMs }: RequestTimes,
  ): Promise<RunnerAnswer> {
    this.#lastId += 1;
    const request: RunnerRequest = { ...unnumbered, id: this.#lastId };
    return new Promise<RunnerAnswer>((resolve, reject) => {
      const late =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => reject(this.#withdraw(request.id, timeoutMs)), timeoutMs);
      this.#waiting.push({ request, runMsMax, times, resolve, reject, late });
      this.#advance();
    });
  }

  /** @throws FrameError when it answers nothing that was asked */
  answer(answer: RunnerAnswer): void {
    // Whoever waits stays in line until the answer is known to be theirs: `fail` must reach them.
    const [head] = this.#sent;
    if (head?.request.id !== answer.id) {
      throw new FrameError(
        `expected the answer to ${head?.request.id ?? "nothing"}, got ${answer.id}`,
      );
    }
    this.#sent.shift();
    clearTimeout(head.late);
    head.times?.note(this.#options.monotonicMs() - this.#headSinceMs);
    this.#watchHead();
    this.#advance();
    head.resolve(answer);
  }

  /** Nobody will answer any more. */
  fail(error: Error): void {
    clearTimeout(this.#alarm);
    const lost = [...this.#sent, ...this.#waiting];
    this.#sent = [];
    this.#waiting = [];
    for (const one of lost) refuse(one, error);
  }

  #withdraw(id: number, timeoutMs: number): RunnerGone {
    this.#waiting = this.#waiting.filter(({ request }) => request.id !== id);
    const limit = `expected an answer within ${Math.round(timeoutMs)} ms`;
    return new RunnerGone("LATE", `${limit}, got none`);
  }

  #advance(): void {
    while (this.#sent.length < runnerLimits.pipelinedMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#send(next);
    }
  }

  #send(next: Waiting): void {
    try {
      const chunks = encodeMessage(next.request, runnerLimits);
      this.#sent.push(next);
      if (this.#sent.length === 1) this.#watchHead();
      this.#options.send(chunks);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      refuse(next, error);
    }
  }

  #watchHead(): void {
    clearTimeout(this.#alarm);
    const [head] = this.#sent;
    if (head === undefined) return;
    this.#headSinceMs = this.#options.monotonicMs();
    const hangMs = head.times?.hangMs() ?? Number.POSITIVE_INFINITY;
    const limitMs = Math.round(Math.min(head.runMsMax, hangMs));
    const code = hangMs < head.runMsMax ? "HUNG" : "TOO_LONG";
    // What has arrived is read first: where this process was held up, an answer in time waits to be read.
    this.#alarm = setTimeout(() => setImmediate(() => this.#giveUp(head, code, limitMs)), limitMs);
  }

  #giveUp(head: Waiting, code: "HUNG" | "TOO_LONG", limitMs: number): void {
    if (this.#sent[0] !== head) return;
    this.#sent.shift();
    refuse(head, new RunnerGone(code, `expected an answer within ${limitMs} ms, got none`));
    this.#options.onTooLong(limitMs);
  }
}

function refuse({ late, reject }: Waiting, error: Error): void {
  clearTimeout(late);
  reject(error);
}
