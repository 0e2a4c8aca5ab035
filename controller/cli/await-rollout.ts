import { Rollout, RolloutEventPage, type RolloutState, rolloutLimits } from "@modelfleet/protocol";
import type { z } from "zod";
import { isOver } from "../src/domain/rollout/rollout-ends.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { createLiveView, type LiveView } from "./render/live-view.ts";
import { renderRollout } from "./render/rollout.ts";
import { renderEvent } from "./render/rollout-event.ts";
import { rolloutPath } from "./rollout-paths.ts";

/** How the waiting ended, and what the rollout was then. */
export interface Awaited {
  readonly by: "end" | "timeout" | "interrupt";
  readonly rollout: Rollout;
}

/**
 * Follows a rollout until it is over, the time is up, or the person at the keyboard has seen enough. On a terminal its
 * funnel is drawn anew in place; elsewhere every event is a line on the error stream. A controller that goes away and
 * comes back is waited for.
 */
export async function awaitRollout(
  context: Context,
  seen: Rollout,
  timeoutMs: number,
): Promise<Awaited> {
  const { terminal } = context;
  const deadlineMs = terminal.nowMs() + timeoutMs;
  const view = terminal.isInteractive ? createLiveView(terminal) : undefined;
  const waiting = createInterruptible(context);
  try {
    let rollout = seen;
    for (let after = 0; ; ) {
      after = await show(context, { rollout, view, after });
      if (isOver(rollout.state)) return { by: "end", rollout };
      if (terminal.nowMs() > deadlineMs) return { by: "timeout", rollout };
      if (await waiting.pause(rolloutLimits.watchPollMs)) return { by: "interrupt", rollout };
      rollout = (await orAway(context, rolloutPath(rollout.id), Rollout)) ?? rollout;
    }
  } finally {
    waiting.end();
    view?.clear();
  }
}

/** Prints what there is, and says with the exit code how the rollout stands. @throws CliError */
export function concludeRollout(context: Context, { by, rollout }: Awaited): void {
  context.answer(rollout, () => renderRollout(rollout));
  const { id, state } = rollout;
  const goesOn = `rollout ${id} goes on without this command: modelfleet rollout watch ${id}; modelfleet rollout pause ${id} --reason TEXT`;
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

interface Shown {
  readonly rollout: Rollout;
  readonly view: LiveView | undefined;
  readonly after: number;
}

/** @returns the last event that was told */
async function show(context: Context, { rollout, view, after }: Shown): Promise<number> {
  if (view !== undefined) {
    view.draw(renderRollout(rollout));
    return after;
  }
  let last = after;
  for (let isMore = true; isMore; ) {
    const path = `${rolloutPath(rollout.id)}/events?after=${last}`;
    const events = (await orAway(context, path, RolloutEventPage))?.events ?? [];
    for (const event of events) context.terminal.err(`${renderEvent(event)}\n`);
    last = events.at(-1)?.seq ?? last;
    isMore = events.length === rolloutLimits.eventsPerPollMax;
  }
  return last;
}

/** undefined while no controller is there. */
async function orAway<Schema extends z.ZodType>(
  context: Context,
  path: string,
  answer: Schema,
): Promise<z.infer<Schema> | undefined> {
  try {
    return await context.api.call({ method: "GET", path, answer });
  } catch (error) {
    const isAway = error instanceof CliError && ["UNREACHABLE", "BROKEN_OFF"].includes(error.code);
    if (!isAway) throw error;
    return undefined;
  }
}

/** Pauses that Ctrl-C ends. */
function createInterruptible({ terminal }: Context) {
  let isInterrupted = false;
  let wake: () => void = () => undefined;
  const interrupted = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const listening = terminal.onInterrupt(() => {
    isInterrupted = true;
    wake();
  });
  return {
    /** @returns whether it was ended */
    pause: async (ms: number): Promise<boolean> => {
      await Promise.race([terminal.sleep(ms), interrupted]);
      return isInterrupted;
    },
    end: () => listening[Symbol.dispose](),
  };
}
