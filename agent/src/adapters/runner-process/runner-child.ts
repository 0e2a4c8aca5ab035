import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { runnerLimits } from "@modelfleet/protocol";
import type { RequestTimes, Runner, UnnumberedRequest } from "../../loading/runner.ts";
import { RunnerGone } from "../../loading/runner-gone.ts";
import { FrameDecoder, FrameError } from "../../wire/frame.ts";
import { giveBack } from "../../wire/give-back.ts";
import { type RunnerAnswer, readRunnerAnswer } from "../../wire/message.ts";
import { writeChunks } from "../../wire/write-chunks.ts";
import { lastWords } from "./last-words.ts";
import { RequestLine } from "./request-line.ts";
import type { StartedRunner } from "./spawn-runner.ts";
import { starvedMs } from "./starved-time.ts";
import { TailOfText } from "./tail-of-text.ts";

/** A runner process and the conversation with it. */
export class RunnerChild implements Runner {
  /** Resolves with the reason when the process and its pipes are gone. Never rejects. */
  readonly exited: Promise<string>;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #line: RequestLine;
  readonly #stderr = new TailOfText(runnerLimits.stderrBytesMax);
  #endReason: string | undefined;
  #hasEnded = false;
  #tookTooMuch = false;

  constructor(
    { child, pid, socket }: StartedRunner,
    { monotonicMs }: { readonly monotonicMs: () => number },
  ) {
    this.pid = pid;
    this.#child = child;
    this.#socket = socket;
    this.#line = new RequestLine({
      send: (chunks) => writeChunks(this.#socket, chunks),
      monotonicMs,
      starvedMs: () => starvedMs(pid),
      onTooLong: (limitMs) => this.kill(`took longer than ${limitMs} ms for one request`),
    });
    this.exited = this.#watch();
    this.#listen();
  }

  /**
   * One question and its answer, in the order asked.
   *
   * A process that works longer on it than `runMsMax` is killed.
   *
   * @throws RunnerGone; FrameError when the request is larger than a frame may be
   */
  ask(request: UnnumberedRequest, times: RequestTimes): Promise<RunnerAnswer> {
    if (this.#hasEnded) return Promise.reject(this.#gone(this.#reason("it has ended")));
    return this.#line.ask(request, times);
  }

  /** SIGKILL: it takes effect even inside native code. */
  kill(reason: string): void {
    this.#endReason ??= reason;
    this.#child.kill("SIGKILL");
  }

  /** It took more memory than it was granted. */
  killForMemory(grantedMiB: number): void {
    this.#tookTooMuch = true;
    this.kill(`used more than ${grantedMiB} MiB of memory`);
  }

  /** Ends it when what it works on is done, or after `stopMsMax`. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      this.#endReason ??= "stopped";
      this.ask({ kind: "stop" }, { runMsMax: runnerLimits.stopMsMax }).catch(ignoreItsEnd);
      const alarm = setTimeout(() => this.kill("stopped"), runnerLimits.stopMsMax);
      await this.exited;
      clearTimeout(alarm);
    }
    await this.exited;
  }

  #watch(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#hasEnded) return;
        this.#hasEnded = true;
        const reason = this.#reason(how);
        this.#line.fail(this.#gone(reason));
        resolve(reason);
      };
      // `close` comes after the last byte, so an answer given before the end still counts.
      this.#child.once("close", (code, signal) => end(describeEnd(code, signal)));
      this.#child.once("exit", () => this.#closePipes());
    });
  }

  /** A model that took over its runner may have left a process that holds them open. */
  #closePipes(): void {
    const alarm = setTimeout(() => {
      this.#socket.destroy();
      this.#child.stderr?.destroy();
    }, runnerLimits.pipesCloseMsMax);
    void this.exited.then(() => clearTimeout(alarm));
  }

  #gone(reason: string): RunnerGone {
    return new RunnerGone(this.#tookTooMuch ? "OVER_MEMORY" : "ENDED", reason);
  }

  #reason(how: string): string {
    const words = lastWords(this.#stderr.text());
    const reason = `runner ${this.#endReason ?? how}`;
    return words === "" ? reason : `${reason}; its last words: ${words}`;
  }

  #listen(): void {
    const decoder = new FrameDecoder(runnerLimits, readRunnerAnswer);
    this.#socket.on("data", (chunk: Buffer) => {
      try {
        for (const answer of decoder.push(chunk)) this.#line.answer(answer);
        if (!decoder.hasViews()) giveBack(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.#socket.destroy();
        this.kill(`spoke out of turn: ${error.message}`);
      }
    });
    // A write into a process that has just died; its end is reported by `close`.
    this.#socket.on("error", ignoreItsEnd);
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
  }
}

function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code ?? "unknown"}` : `was ended by ${signal}`;
}

function ignoreItsEnd(): void {
  return;
}
