import {
  Rollout,
  type RolloutEvent,
  RolloutEventPage,
  type RolloutState,
  rolloutLimits,
} from "@modelfleet/protocol";
import { isOver } from "../src/domain/rollout/rollout-ends.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { followRollout, isAway } from "./follow-rollout.ts";
import { createLiveView } from "./render/live-view.ts";
import { renderRollout } from "./render/rollout.ts";
import { renderEvent } from "./render/rollout-event.ts";
import { rolloutPath } from "./rollout-paths.ts";

/** How the waiting ended, and what the rollout was then. */
export interface Awaited {
  readonly by: "end" | "timeout" | "interrupt";
  readonly rollout: Rollout;
}

/**
 * Follows a rollout until it is over, the time is up, or the person at the keyboard has seen enough. On a screen its
 * funnel is drawn anew in place whenever something happens; elsewhere every event is a line. A controller that goes away
 * and comes back is waited for.
 */
export async function awaitRollout(
  context: Context,
  seen: Rollout,
  timeoutMs: number,
): Promise<Awaited> {
  const { terminal } = context;
  const deadlineMs = terminal.nowMs() + timeoutMs;
  const stop = new AbortController();
  using listening = new DisposableStack();
  listening.use(terminal.onInterrupt(() => stop.abort()));
  using view = terminal.screen() === undefined ? undefined : createLiveView(terminal);
  using told = listenTo(context, seen.id, { stop, hasLines: view === undefined });
  const stopped = new Promise<undefined>((resolve) => {
    stop.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  let rollout = seen;
  for (;;) {
    view?.draw(renderRollout(rollout));
    if (isOver(rollout.state)) {
      await told.rest();
      return { by: "end", rollout };
    }
    const leftMs = deadlineMs - terminal.nowMs();
    if (leftMs <= 0) return { by: "timeout", rollout };
    await told.wait(Math.min(leftMs, rolloutLimits.watchRefreshMs));
    rollout = (await Promise.race([stopped, look(context, rollout.id)])) ?? rollout;
    if (stop.signal.aborted) return { by: "interrupt", rollout };
  }
}

/** Prints what there is, and says with the exit code how the rollout stands. @throws CliError */
export function concludeRollout(context: Context, { by, rollout }: Awaited): void {
  context.answer(rollout, () => renderRollout(rollout));
  const { id, state } = rollout;
  const pause = state === "paused" ? "" : `; modelfleet rollout pause ${id} --reason TEXT`;
  const goesOn = `rollout ${id} goes on without this command: modelfleet rollout watch ${id}${pause}`;
  if (by === "interrupt") throw new CliError("INTERRUPTED", goesOn);
  if (by === "timeout") throw new CliError("TIMED_OUT", `still ${state}; ${goesOn}`);
  const code = endings[state];
  if (code === undefined) return;
  const said = rollout.detail === null ? "" : `: ${rollout.detail}`;
  throw new CliError(
    code,
    `rollout ${id} is ${state}${said}; see modelfleet rollout devices ${id}`,
  );
}

/** What is not there has ended well. */
const endings: Readonly<Partial<Record<RolloutState, "NOT_DONE" | "ENDED_OTHERWISE">>> = {
  "completed-with-failures": "NOT_DONE",
  rejected: "NOT_DONE",
  denied: "NOT_DONE",
  aborted: "ENDED_OTHERWISE",
  "rolled-back": "ENDED_OTHERWISE",
  "rollback-incomplete": "ENDED_OTHERWISE",
  superseded: "ENDED_OTHERWISE",
};

interface Listening {
  readonly stop: AbortController;
  /** Each event is printed; without it they only end a wait. */
  readonly hasLines: boolean;
}

/** What is told of a rollout, from its beginning on where lines are printed. Ends what it began when it is disposed. */
function listenTo(context: Context, id: string, { stop, hasLines }: Listening) {
  const { signal } = stop;
  const events = followRollout(context, { id, after: hasLines ? 0 : "newest", signal });
  let last = 0;
  const take = (): Promise<void> => {
    const taken = events.next().then(({ value }: IteratorResult<RolloutEvent, void>) => {
      if (value !== undefined) tell(value);
    });
    // It is looked at when somebody waits.
    taken.catch(() => undefined);
    return taken;
  };
  const tell = (event: RolloutEvent) => {
    if (hasLines && event.seq > last) printEvent(context, event);
    last = Math.max(last, event.seq);
  };
  let next = take();
  /** Takes what is told within this time. @returns whether anything was */
  const hear = async (ms: number): Promise<boolean> => {
    const heard = await within(
      context,
      next.then(() => "event" as const),
      { ms, signal },
    );
    if (heard === "event") next = take();
    return heard === "event";
  };
  return {
    /** Until something has happened, and a moment for what happens with it. */
    wait: async (ms: number): Promise<void> => {
      if (!(await hear(ms)) || signal.aborted) return;
      const moment = context.terminal.sleep(rolloutLimits.watchPollMs, signal).then(() => "over");
      while ((await Promise.race([moment, next.then(() => "event")])) === "event") next = take();
    },
    /** What the stream has not told yet. */
    rest: async (): Promise<void> => {
      while (hasLines) {
        const page = await pageOf(context, id, last);
        for (const event of page) tell(event);
        if (page.length === 0) return;
      }
    },
    [Symbol.dispose]: () => {
      stop.abort();
      // An event that nobody took would hold the stream, and the process, until its patience ends.
      events.return(undefined).catch(() => undefined);
    },
  };
}

/** Data for people on the output; with --json the output is for programs. */
function printEvent({ json, terminal }: Context, event: RolloutEvent): void {
  const print = json ? terminal.err : terminal.out;
  print(`${renderEvent(event)}\n`);
}

async function within<T>(
  { terminal }: Context,
  promise: Promise<T>,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const done = new AbortController();
  const sleeping = terminal.sleep(ms, AbortSignal.any([done.signal, signal]));
  try {
    return await Promise.race([promise, sleeping.then(() => undefined)]);
  } finally {
    done.abort();
  }
}

/** undefined: no controller is there. */
async function look({ api }: Context, id: string): Promise<Rollout | undefined> {
  const asked = api.call({ method: "GET", path: rolloutPath(id), answer: Rollout });
  return asked.catch(unlessAway);
}

async function pageOf(
  { api }: Context,
  id: string,
  after: number,
): Promise<readonly RolloutEvent[]> {
  const path = `${rolloutPath(id)}/events?after=${after}`;
  const asked = api.call({ method: "GET", path, answer: RolloutEventPage });
  return (await asked.catch(unlessAway))?.events ?? [];
}

function unlessAway(error: unknown): undefined {
  if (error instanceof CliError && isAway(error)) return undefined;
  throw error;
}
