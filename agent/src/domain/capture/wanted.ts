import type { CapturePolicy, OutputProfile } from "@modelfleet/protocol";
import { topTwo } from "../feedback/top-two.ts";
import { openItems } from "../telemetry/items/element-reader.ts";
import type { Tensor } from "../tensor.ts";

/** What a strategy decides by; `chance` is uniform in [0, 1). */
export interface CaptureFacts {
  readonly profile: readonly OutputProfile[];
  readonly outputs: readonly Tensor[];
  readonly chance: number;
  readonly isDrifting: boolean;
}

/**
 * Whether the policy asks for this request (telemetry.md 2.8).
 *
 * - `random`: a share of `level`; `drift`: the same share, while a detector says so.
 * - `low-confidence`, `margin`: the confidence of any row, or what it is ahead of the second, lies below `level`. A row
 *   that is counted nowhere has neither.
 */
export function isWanted({ strategy, level }: CapturePolicy, facts: CaptureFacts): boolean {
  switch (strategy) {
    case "random":
      return facts.chance < level;
    case "drift":
      return facts.isDrifting && facts.chance < level;
    case "low-confidence":
      return hasRow(facts, ({ first }) => first < level);
    case "margin":
      return hasRow(facts, ({ first, second }) => first - second < level);
  }
}

type TopTwo = NonNullable<ReturnType<typeof topTwo>>;

function hasRow({ profile, outputs }: CaptureFacts, isMeant: (row: TopTwo) => boolean): boolean {
  return profile.some(({ source, classes }) => {
    const tensor = outputs.find(({ name }) => name === source.tensor);
    const opened = tensor === undefined ? null : openItems(tensor);
    if (opened === null) return false;
    for (let item = 0; item < opened.items; item++) {
      const row = topTwo(opened, item, classes.length);
      if (row !== null && isMeant(row)) return true;
    }
    return false;
  });
}
