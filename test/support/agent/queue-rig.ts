import { type ServingPolicy, SlotName } from "@modelfleet/protocol";
import type { RoutedRequest } from "../../../agent/src/domain/serving/routed-model.ts";
import { Router, type RouterOptions } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { fakeModel } from "./fake-model.ts";
import { floatTensor } from "./floats.ts";
import { manualClock, settled } from "./manual-clock.ts";

const slot = SlotName.parse("main");

/** A model of one queue behind a router: it answers a request, and time passes, when the test says so. */
export async function queueRig(
  queue?: NonNullable<ServingPolicy["queue"]>,
  options: Partial<RouterOptions<LoadedModel>> = {},
) {
  const clock = manualClock();
  const router = new Router<LoadedModel>({ clock, ...options });
  const serving = queue === undefined ? {} : { queue };
  const model = fakeModel({ version: "1.0.0", answersAtOnce: false, serving });
  await router.activate(slot, model);
  const ask = async (value: number, timeoutMs = 60_000, more: Partial<RoutedRequest> = {}) => {
    const inputs = [floatTensor("x", [1, 2], [value, 0])];
    const answer = await router.infer({ slot, inputs, timeoutMs, ...more });
    return answer.model.staged.document.version;
  };
  /** What became of a request: who answered it, or why nobody did. */
  const outcome = (value: number, timeoutMs?: number, more?: Partial<RoutedRequest>) =>
    ask(value, timeoutMs, more).catch((error: unknown) => {
      return error instanceof Error && "code" in error ? error.code : error;
    });
  /** A request whose asker may go before the answer comes. */
  const leaving = (value: number, more: Partial<RoutedRequest> = {}) => {
    let hasLeft = false;
    const leave = () => {
      hasLeft = true;
    };
    return { leave, outcome: outcome(value, 60_000, { ...more, isUnwanted: () => hasLeft }) };
  };
  const workOne = async () => {
    model.waiting.shift()?.answer();
    await settled();
  };
  return { clock, router, model, ask, outcome, leaving, workOne };
}
