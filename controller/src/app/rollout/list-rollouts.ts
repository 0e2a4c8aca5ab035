import { type Rollout, type RolloutQuery, rolloutLimits } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { matchesSelector } from "../../domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../domain/rollout/selection/parse-selector.ts";
import { rolloutFields, rolloutSubject } from "../../domain/rollout/selection/rollout-fields.ts";
import type { RolloutPageQuery, RolloutStore } from "../../ports/rollout-store.ts";
import { maySee } from "./known-rollout.ts";
import { rolloutView } from "./rollout-view.ts";

export interface ListedRollouts {
  readonly rollouts: readonly Rollout[];
  /** Cursor of the page behind this one. */
  readonly next: string | null;
}

/** Rollouts the caller may see, a page at a time. */
export class ListRollouts {
  readonly #rollouts: RolloutStore;

  constructor(ports: { readonly rollouts: RolloutStore }) {
    this.#rollouts = ports.rollouts;
  }

  /**
   * A page may be short, or empty, and have one behind it: a filter looks at no more than `listLookedAtMax` at once.
   *
   * @throws RolloutError SELECTOR_INVALID
   */
  async run(query: RolloutQuery, caller: Principal): Promise<ListedRollouts> {
    const filter = parseSelector(query.filter ?? "", rolloutFields);
    const limit = query.limit ?? rolloutLimits.pageDefault;
    const rollouts: Rollout[] = [];
    let next = query.cursor ?? null;
    for (let looked = 0; looked < rolloutLimits.listLookedAtMax; looked += limit) {
      const page = await this.#rollouts.page(pageOf(query, limit - rollouts.length, next));
      for (const snapshot of page.rollouts) {
        const { rollout } = snapshot;
        if (!maySee(caller, rollout)) continue;
        if (matchesSelector(filter, rolloutSubject(rollout))) rollouts.push(rolloutView(snapshot));
      }
      next = page.next;
      if (next === null || rollouts.length === limit) break;
    }
    return { rollouts, next };
  }
}

/** Only as many as are missing, so that the cursor stands right behind the last one that is handed out. */
function pageOf({ sort }: RolloutQuery, limit: number, cursor: string | null): RolloutPageQuery {
  return { limit, cursor, direction: sort === "createdAt" ? "oldest-first" : "newest-first" };
}
