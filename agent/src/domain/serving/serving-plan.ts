import { runnerLimits, type ServingPolicy } from "@modelfleet/protocol";
import type { QueuePolicy } from "./request-queue.ts";
import type { RoutedModel } from "./routed-model.ts";

/** How a release wants its requests to wait and to be joined. */
export interface ServingPlan {
  readonly queue: QueuePolicy;
  readonly batch: { readonly rowsMax: number; readonly delayMsMax: number } | undefined;
  /** Why there are no batches although the release asks for them. */
  readonly unbatched: string | undefined;
}

const MICROSECONDS = 1_000;

export function servingPlan(model: RoutedModel, queueMax: number): ServingPlan {
  const { serving } = model.staged.document;
  const queue = serving?.queue ?? { max: queueMax, policy: "reject" };
  const wanted = serving?.batch;
  const unbatched = wanted === undefined ? undefined : whyUnbatched(model);
  const batch = wanted === undefined || unbatched !== undefined ? undefined : batchOf(wanted);
  return { queue, batch, unbatched };
}

function batchOf({ rowsMax, delayUsMax = 0 }: NonNullable<ServingPolicy["batch"]>) {
  const bounded = Math.min(rowsMax, runnerLimits.batchRowsMax);
  return { rowsMax: bounded, delayMsMax: delayUsMax / MICROSECONDS };
}

/** Rows can be joined only where the model takes any number of them, and gives as many. */
function whyUnbatched({ inputs, outputs }: RoutedModel): string | undefined {
  const fixed = [...inputs, ...outputs].find(({ shape }) => shape[0] !== -1);
  if (fixed === undefined) return undefined;
  return `tensor ${fixed.name}: expected a free first dimension, got shape [${fixed.shape.join(",")}]`;
}
