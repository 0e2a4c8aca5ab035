import { type Alert, type AlertQuery, driftPipelineLimits } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { AlertStore } from "../../ports/drift-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import { maySeeCohort } from "./may-see-cohort.ts";

export interface ListedAlerts {
  readonly alerts: readonly Alert[];
  /** Cursor of the page behind this one. */
  readonly next: string | null;
}

/** Alerts the caller may see, newest first, a page at a time. */
export class ListAlerts {
  readonly #alerts: AlertStore;
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly drift: AlertStore; readonly releases: ReleaseStore }) {
    this.#alerts = ports.drift;
    this.#releases = ports.releases;
  }

  /**
   * A page may be short, or empty, and have one behind it: no more than `alertsLookedAtMax` are looked at at once.
   *
   * @throws NotFoundError MODEL_UNKNOWN
   */
  async run(query: AlertQuery, caller: Principal): Promise<ListedAlerts> {
    await requireSeenModel(this.#releases, { model: query.model }, caller);
    const limit = query.limit ?? driftPipelineLimits.alertsPageDefault;
    const alerts: Alert[] = [];
    let next = query.cursor ?? null;
    for (let looked = 0; looked < driftPipelineLimits.alertsLookedAtMax; looked += limit) {
      const page = await this.#alerts.alerts({
        ...{ limit: limit - alerts.length, cursor: next },
        ...{ states: query.state, model: query.model },
      });
      alerts.push(
        ...page.alerts.filter(({ model, cohort }) => maySeeCohort(caller, model, cohort)),
      );
      next = page.next;
      if (next === null || alerts.length === limit) break;
    }
    return { alerts, next };
  }
}
