import { type AlertChange, type AlertDetail, driftPipelineLimits } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { AlertStore } from "../../ports/drift-store.ts";
import { seenAlert } from "./known-alert.ts";
import { maySeeCohort } from "./may-see-cohort.ts";

/** One alert with all that has happened to it, and what each change rests on. */
export class ShowAlert {
  readonly #alerts: AlertStore;

  constructor(ports: { readonly drift: AlertStore }) {
    this.#alerts = ports.drift;
  }

  /** @throws NotFoundError ALERT_UNKNOWN */
  async run(id: string, caller: Principal): Promise<AlertDetail> {
    const alert = await seenAlert(this.#alerts, id, caller);
    const changes = await this.#alerts.changes(id, driftPipelineLimits.alertChangesMax);
    const isSeen = ({ cohort }: AlertChange["culprits"][number]) =>
      maySeeCohort(caller, alert.model, cohort);
    return {
      ...alert,
      changes: changes.map((change) => ({ ...change, culprits: change.culprits.filter(isSeen) })),
    };
  }
}
