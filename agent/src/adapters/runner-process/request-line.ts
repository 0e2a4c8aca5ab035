import { runnerLimits } from "@modelfleet/protocol";
import type { RequestTimes, UnnumberedRequest } from "../../loading/runner.ts";
import { RunnerGone } from "../../loading/runner-gone.ts";
import { FRAME_ID_MAX, FrameError } from "../../wire/frame.ts";
import type { RunnerAnswer, RunnerRequest } from "../../wire/message.ts";
import { MessageEncoder } from "../../wire/message-encoder.ts";
import { LazyAlarm } from "./lazy-alarm.ts";

interface Waiting {
  readonly request: RunnerRequest;
  readonly runMsMax: number;
  readonly starvedMsMax: number;
  readonly times: RequestTimes["times"];
  readonly resolve: (answer: RunnerAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timeoutMs: number | undefined;
  /** When the caller waits no longer; infinity when it has been told, or waits for as long as it takes. */
  lateAtMs: number;
  /** How long the runner had been kept waiting when it was next; read only where it counts. */
  starvedBefore: Promise<number> | undefined;
}

export interface RequestLineOptions {
  readonly send: (chunks: readonly Uint8Array[]) => void;
  /** The request at the head has run longer than it may; it is already rejected. */
  readonly onTooLong: (limitMs: number) => void;
  readonly monotonicMs: () => number;
  /** How long the system has kept the runner waiting for processor time since its start. Never rejects. */
  readonly starvedMs: () => Promise<number>;
}

/**
 * Requests to one runner, first come, first served.
 *
 * 1. At most `pipelinedMax` are with the runner; the rest wait here, where they can still be withdrawn.
 * 2. The time of a request counts from when it is the runner's next, not from when it was asked. Where it says so, time in
 *    which the system gave the runner no processor does not count.
 * 3. Answers come in the order of the requests; any other is a FrameError.
 */
export class RequestLine {
  readonly #options: RequestLineOptions;
  readonly #encoder = new MessageEncoder(runnerLimits);
  #waiting: Waiting[] = [];
  #sent: Waiting[] = [];
  #lastId = 0;
  #headSinceMs = 0;
  readonly #late: LazyAlarm;
  readonly #tooLong: LazyAlarm;

  constructor(options: RequestLineOptions) {
    this.#options = options;
    this.#late = new LazyAlarm(options.monotonicMs, (nowMs) => this.#tellLate(nowMs));
    this.#tooLong = new LazyAlarm(options.monotonicMs, (nowMs) => this.#lookAtHead(nowMs));
  }

  ask(
    unnumbered: UnnumberedRequest,
    { runMsMax, starvedMsMax = 0, times, timeoutMs }: RequestTimes,
  ): Promise<RunnerAnswer> {
    this.#lastId = this.#lastId === FRAME_ID_MAX ? 1 : this.#lastId + 1;
    const request: RunnerRequest = { ...unnumbered, id: this.#lastId };
    const nowMs = this.#options.monotonicMs();
    const lateAtMs = timeoutMs === undefined ? Number.POSITIVE_INFINITY : nowMs + timeoutMs;
    return new Promise<RunnerAnswer>((resolve, reject) => {
      const limits = { runMsMax, starvedMsMax, times, timeoutMs, lateAtMs };
      this.#waiting.push({ request, ...limits, starvedBefore: undefined, resolve, reject });
      this.#late.watch(lateAtMs);
      this.#advance(nowMs);
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
    const nowMs = this.#options.monotonicMs();
    head.times?.note(nowMs - this.#headSinceMs);
    this.#watchHead(nowMs);
    this.#advance(nowMs);
    head.resolve(answer);
  }

  /** Nobody will answer any more. */
  fail(error: Error): void {
    this.#late.rest();
    this.#tooLong.rest();
    const lost = [...this.#sent, ...this.#waiting];
    this.#sent = [];
    this.#waiting = [];
    for (const { reject } of lost) reject(error);
  }

  /** Who waits here is withdrawn; the rest is with the runner, which answers nobody then. */
  #tellLate(nowMs: number): number {
    const isLate = ({ lateAtMs }: Waiting) => lateAtMs <= nowMs;
    const late = [...this.#sent, ...this.#waiting].filter(isLate);
    this.#waiting = this.#waiting.filter((one) => !isLate(one));
    for (const one of late) {
      one.lateAtMs = Number.POSITIVE_INFINITY;
      const limit = `expected an answer within ${Math.round(one.timeoutMs ?? 0)} ms`;
      one.reject(new RunnerGone("LATE", `${limit}, got none`));
    }
    return Math.min(...[...this.#sent, ...this.#waiting].map(({ lateAtMs }) => lateAtMs));
  }

  #advance(nowMs: number): void {
    while (this.#sent.length < runnerLimits.pipelinedMax) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#send(next, nowMs);
    }
  }

  #send(next: Waiting, nowMs: number): void {
    try {
      const chunks = this.#encoder.encode(next.request);
      this.#sent.push(next);
      if (this.#sent.length === 1) this.#watchHead(nowMs);
      this.#options.send(chunks);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      next.reject(error);
    }
  }

  #watchHead(nowMs: number): void {
    const [head] = this.#sent;
    if (head === undefined) return;
    this.#headSinceMs = nowMs;
    if (head.starvedMsMax > 0) head.starvedBefore = this.#options.starvedMs();
    this.#tooLong.watch(nowMs + limitOf(head).limitMs);
  }

  #lookAtHead(nowMs: number): number {
    const [head] = this.#sent;
    if (head === undefined) return Number.POSITIVE_INFINITY;
    const dueMs = this.#headSinceMs + limitOf(head).limitMs;
    if (dueMs > nowMs) return dueMs;
    // What has arrived is read first: where this process was held up, an answer in time waits to be read.
    setImmediate(() => void this.#judgeHead(head));
    return Number.POSITIVE_INFINITY;
  }

  async #judgeHead(head: Waiting): Promise<void> {
    const starvedMs = head.starvedBefore === undefined ? 0 : await this.#starvedSince(head);
    const dueMs = this.#headSinceMs + limitOf(head).limitMs + starvedMs;
    if (dueMs <= this.#options.monotonicMs()) this.#giveUp(head);
    else if (this.#sent[0] === head) this.#tooLong.watch(dueMs);
  }

  async #starvedSince({ starvedBefore, starvedMsMax }: Waiting): Promise<number> {
    const [beforeMs, nowMs] = await Promise.all([starvedBefore, this.#options.starvedMs()]);
    return Math.min(starvedMsMax, nowMs - (beforeMs ?? 0));
  }

  #giveUp(head: Waiting): void {
    if (this.#sent[0] !== head) return;
    this.#sent.shift();
    const { limitMs, code } = limitOf(head);
    head.reject(new RunnerGone(code, `expected an answer within ${limitMs} ms, got none`));
    this.#options.onTooLong(limitMs);
  }
}

/** How long the runner may work on it, and what it is then taken for. */
function limitOf({ runMsMax, times }: Waiting) {
  const hangMs = times?.hangMs() ?? Number.POSITIVE_INFINITY;
  const limitMs = Math.round(Math.min(runMsMax, hangMs));
  return { limitMs, code: hangMs < runMsMax ? "HUNG" : "TOO_LONG" } as const;
}
