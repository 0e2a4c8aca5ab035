import { runnerLimits } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { BatchTrial } from "./batch-trial.ts";
import { DeadlineWatch } from "./deadline-watch.ts";
import { type JoiningClock, JoiningTime } from "./joining-time.ts";
import { RequestQueue } from "./request-queue.ts";
import type { RoutedModel } from "./routed-model.ts";
import { ServiceTime } from "./service-time.ts";
import type { CountedSums } from "./serving-counts.ts";
import type { ServingPlan } from "./serving-plan.ts";
import { takeGroup } from "./take-group.ts";
import { joinRows, splitRows } from "./tensor-batch.ts";
import type { Ticket } from "./ticket.ts";

export interface DispatcherOptions {
  readonly model: RoutedModel;
  readonly plan: ServingPlan;
  readonly clock: JoiningClock;
  readonly counts: CountedSums;
  /** From here on this release is asked one request at a time. */
  readonly onUnbatched: (reason: string) => void;
}

/** What a runner was asked as one. */
interface Execution {
  readonly tickets: readonly Ticket[];
  readonly rows: readonly number[];
  readonly sentAtMs: number;
}

/** Of the time limit of one inference, what a batch is expected to take: it must not get its runner killed. */
const BATCH_TIME_SHARE = 0.5;

/**
 * The one place where requests of a model wait (protocol.md 4.14). The rules:
 *
 * 1. At most `pipelinedMax` executions, or as many as the model says, are with the runner, so that it never waits
 *    between two; the rest is queued here.
 * 2. With batches, what came while the runner was busy goes to it as one, up to `rowsMax` rows, once it is free;
 *    a full batch goes before that, and so does a full queue.
 *    Even with a free runner they give each other time to join: see `JoiningTime`.
 * 3. The oldest always goes; others join it that differ in nothing but their rows.
 * 4. A batch is no larger than what the model is expected to do in half its time limit; the first request goes alone.
 * 5. A batch that fails is asked again one by one, so that nobody fails for another's request.
 * 6. A request whose deadline passes is answered at that moment, and never sent after it.
 * 7. When the process ends, whoever was not sent has not had a try.
 * 8. What nobody waits for any more is never sent, and makes room in a full queue before anybody else goes.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue: RequestQueue<Ticket>;
  readonly #deadlines: DeadlineWatch;
  readonly #service = new ServiceTime();
  readonly #trial = new BatchTrial<Ticket>();
  readonly #joining: JoiningTime;
  readonly #inBatches = new Set<Ticket>();
  #batch: ServingPlan["batch"];
  #running = 0;
  #end: InferError | undefined;

  constructor(options: DispatcherOptions) {
    const { model, plan, clock } = options;
    this.#options = options;
    this.#queue = new RequestQueue(plan.queue);
    this.#batch = plan.batch;
    this.#deadlines = new DeadlineWatch(clock, (nowMs) => this.#expire(nowMs));
    this.#joining = new JoiningTime(clock, () => this.#advance());
    void model.exited.then((reason) => {
      const end = new InferError("RUNNER_CRASH", reason);
      this.#end = end;
      for (const ticket of this.withdrawWaiting()) ticket.refuse(end);
      this.#deadlines.rest();
    });
  }

  waiting(): number {
    return this.#queue.length();
  }

  running(): number {
    return this.#running;
  }

  isBatching(): boolean {
    return this.#batch !== undefined;
  }

  ask(ticket: Ticket): void {
    if (this.#end !== undefined) {
      ticket.refuse(this.#end);
      return;
    }
    if (ticket.asked.isAgain) this.#queue.readmit(ticket);
    else this.#admit(ticket);
    this.#advance();
    // One that went alone is answered at its deadline by the model's own time-out.
    const isWatched = !ticket.wasSent || this.#inBatches.has(ticket);
    if (isWatched && !ticket.isSettled) this.#deadlines.watch(ticket.asked.deadlineMs);
  }

  /** @returns whoever was not sent, and is not going to be */
  withdrawWaiting(): readonly Ticket[] {
    return this.#queue.withdraw(() => true);
  }

  #admit(ticket: Ticket): void {
    const items = this.#queue.items();
    if (items.length >= this.#waitingMax() && items.some((one) => one.isUnwanted())) {
      for (const one of this.#queue.withdraw((held) => held.isUnwanted())) this.#letGo(one);
    }
    for (const one of this.#queue.admit(ticket)) this.#putOut(one, one === ticket);
  }

  #putOut(ticket: Ticket, isNewcomer: boolean): void {
    const { counts, plan } = this.#options;
    if (isNewcomer) counts.rejected += 1;
    else counts.dropped += 1;
    const { policy } = plan.queue;
    const why = isNewcomer ? "send it again later" : `a newer one came (${policy})`;
    // When what waits now is worked off, at the pace of late.
    const retryAfterMs = this.#queue.length() * (this.#service.requestMs() ?? 0);
    const text = `expected at most ${this.#waitingMax()} waiting requests, got one more: ${why}`;
    this.#trial.note(ticket, undefined);
    ticket.refuse(new InferError("OVERLOADED", text, { retryAfterMs }));
  }

  #waitingMax(): number {
    const { max, policy } = this.#options.plan.queue;
    return policy === "latest-only" ? 1 : max;
  }

  #advance(): void {
    while (this.#maySend()) {
      const nowMs = this.#options.clock.monotonicMs();
      const group = takeGroup(this.#queue, this.#rowsMax());
      let isOneOut = false;
      for (const ticket of group) {
        if (ticket.asked.deadlineMs <= nowMs) this.#refuseLate(ticket);
        else if (ticket.isUnwanted()) this.#letGo(ticket);
        else continue;
        isOneOut = true;
      }
      const left = isOneOut ? group.filter(({ isSettled }) => !isSettled) : group;
      if (left.length > 0) this.#send(left, nowMs);
    }
  }

  #maySend(): boolean {
    const waiting = this.#queue.length();
    const runningMax = this.#options.model.pipelined?.() ?? runnerLimits.pipelinedMax;
    if (waiting === 0 || this.#running >= runningMax) return false;
    if (this.#batch === undefined) return true;
    if (waiting >= Math.min(this.#batch.rowsMax, this.#waitingMax())) return true;
    return this.#running === 0 && !this.#delays(this.#batch.delayMsMax);
  }

  #delays(delayMsMax: number): boolean {
    const [oldest] = this.#queue.items();
    return oldest?.isAlone === false && this.#joining.isGiven(oldest, delayMsMax);
  }

  /** Rule 4. */
  #rowsMax(): number {
    if (this.#batch === undefined || this.#trial.isRunning()) return 1;
    const limitMs = this.#options.model.staged.document.limits.inferMs * BATCH_TIME_SHARE;
    return Math.min(this.#batch.rowsMax, this.#service.rowsWithin(limitMs));
  }

  #send(tickets: readonly Ticket[], sentAtMs: number): void {
    const { model } = this.#options;
    const execution = { tickets, rows: tickets.map(({ form }) => form?.rows ?? 1), sentAtMs };
    const outputs = tickets[0]?.asked.outputs ?? [];
    let latestMs = 0;
    for (const { asked } of tickets) latestMs = Math.max(latestMs, asked.deadlineMs);
    this.#countSent(execution);
    this.#running += 1;
    for (const ticket of tickets) {
      ticket.wasSent = true;
      if (tickets.length > 1) this.#inBatches.add(ticket);
    }
    const inputs = joinRows(tickets.map(({ asked }) => asked.inputs));
    model.infer(inputs, { outputs, timeoutMs: latestMs - sentAtMs }).then(
      (answer) => {
        this.#hasEnded(execution);
        this.#answer(execution, answer);
        this.#advance();
      },
      (error: unknown) => {
        this.#hasEnded(execution);
        this.#refuse(execution, error);
        this.#advance();
      },
    );
  }

  #countSent({ tickets, rows, sentAtMs }: Execution): void {
    const { counts } = this.#options;
    counts.executions += 1;
    counts.requests += tickets.length;
    counts.rows += sum(rows);
    for (const { askedAtMs } of tickets) counts.queueMs += sentAtMs - askedAtMs;
    if (tickets.length === 1) return;
    counts.batches += 1;
    counts.batchedRows += sum(rows);
  }

  #hasEnded({ tickets, rows, sentAtMs }: Execution): void {
    const endMs = this.#options.clock.monotonicMs();
    this.#running -= 1;
    this.#options.counts.runMs += endMs - sentAtMs;
    this.#service.note({ sentAtMs, endMs, requests: tickets.length, rows: sum(rows) });
    for (const ticket of tickets) this.#inBatches.delete(ticket);
  }

  #answer({ tickets, rows }: Execution, outputs: readonly Tensor[]): void {
    const [first] = tickets;
    if (tickets.length === 1 && first !== undefined) this.#answerOne(first, outputs);
    else this.#answerBatch(tickets, splitRows(outputs, rows));
  }

  #answerOne(ticket: Ticket, outputs: readonly Tensor[]): void {
    const difference = this.#trial.note(ticket, outputs);
    if (difference !== undefined) this.#stopBatching(difference);
    ticket.answer(outputs);
  }

  #answerBatch(tickets: readonly Ticket[], parts: ReturnType<typeof splitRows>): void {
    if (typeof parts !== "string" && !this.#trial.isOpen()) {
      for (const [i, ticket] of tickets.entries()) ticket.answer(parts[i] ?? []);
      return;
    }
    if (typeof parts === "string") this.#stopBatching(parts);
    else this.#trial.begin(tickets, parts);
    this.#askAlone(tickets);
  }

  #refuse({ tickets }: Execution, error: unknown): void {
    if (tickets.length > 1 && isFaultOfRequest(error)) {
      this.#askAlone(tickets);
      return;
    }
    for (const ticket of tickets) {
      this.#trial.note(ticket, undefined);
      ticket.reject(error);
    }
  }

  #askAlone(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      ticket.isAlone = true;
      ticket.wasSent = false;
      if (!ticket.isSettled) this.#queue.readmit(ticket);
      else this.#trial.note(ticket, undefined);
    }
  }

  #stopBatching(reason: string): void {
    if (this.#batch === undefined) return;
    this.#batch = undefined;
    this.#options.onUnbatched(reason);
  }

  /** @returns the earliest deadline that is left */
  #expire(nowMs: number): number | undefined {
    const isLate = ({ asked }: Ticket) => asked.deadlineMs <= nowMs;
    for (const ticket of this.#queue.withdraw(isLate)) this.#refuseLate(ticket);
    for (const ticket of [...this.#inBatches].filter(isLate)) this.#refuseLate(ticket);
    const left = [...this.#queue.items(), ...this.#inBatches].filter((one) => !one.isSettled);
    if (left.length === 0) return undefined;
    return Math.min(...left.map(({ asked }) => asked.deadlineMs));
  }

  #letGo(ticket: Ticket): void {
    this.#options.counts.withdrawn += 1;
    this.#trial.note(ticket, undefined);
    ticket.refuse(new InferError("WITHDRAWN", "nobody waits for the answer any more"));
  }

  #refuseLate(ticket: Ticket): void {
    const waitedMs = Math.round(ticket.asked.deadlineMs - ticket.askedAtMs);
    const where = ticket.wasSent ? "it is still being worked on" : "it was never sent to the model";
    const text = `expected an answer within ${waitedMs} ms, got none: ${where}`;
    if (!ticket.wasSent) this.#options.counts.expired += 1;
    this.#trial.note(ticket, undefined);
    ticket.refuse(new InferError("DEADLINE_EXCEEDED", text));
  }
}

/** It may be the fault of one request alone. */
function isFaultOfRequest(error: unknown): boolean {
  if (!(error instanceof InferError)) return false;
  return error.code === "RUN_FAILED" || error.code === "BAD_TENSOR";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
