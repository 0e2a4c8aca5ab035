import type { RunnerAnswer, RunnerRequest } from "../wire/message.ts";
import type { RunTimes } from "./run-times.ts";

type WithoutId<Request> = Request extends RunnerRequest ? Omit<Request, "id"> : never;
export type UnnumberedRequest = WithoutId<RunnerRequest>;

export interface RequestTimes {
  /** How long the runner may work on it; after that it is taken for hung. */
  readonly runMsMax: number;
  /** How much longer it may work while the system gives it no processor time; not at all when absent. */
  readonly starvedMsMax?: number;
  /** Measures what the answer takes, and says from when on it is taken for hung though it may work on. */
  readonly times?: Pick<RunTimes, "note" | "hangMs">;
  /** How long the caller waits, the wait in line included. The runner is left in peace. */
  readonly timeoutMs?: number;
}

/** What holds a release and answers, in a process of its own or not. */
export interface Runner {
  /** Resolves with the reason when it answers no more. Never rejects. */
  readonly exited: Promise<string>;
  /**
   * One question and its answer, in the order asked.
   *
   * @throws RunnerGone; FrameError when the request is larger than a frame may be
   */
  readonly ask: (request: UnnumberedRequest, times: RequestTimes) => Promise<RunnerAnswer>;
  /** Ends it when what it works on is done, or after `stopMsMax`. */
  readonly stop: () => Promise<void>;
}
