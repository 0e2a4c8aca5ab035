import type { Maintenance, MaintenanceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { labelsOfCohort } from "../../domain/drift/cohort-key.ts";
import { NotFoundError } from "../../domain/errors.ts";
import { requireRight } from "../access/require-right.ts";
import { maySeeCohort } from "../drift/may-see-cohort.ts";
import { type MaintenancePorts, maintenanceEntry } from "./maintenance-ports.ts";

/** It is over now: what stands of its alerts is told with the next cell. */
export class EndMaintenance {
  readonly #ports: MaintenancePorts;

  constructor(ports: MaintenancePorts) {
    this.#ports = ports;
  }

  /**
   * @returns it as it is then; unchanged when it was over
   * @throws NotFoundError MAINTENANCE_UNKNOWN, also for one the caller may not see; AccessError NOT_PERMITTED
   */
  async run(id: MaintenanceId, caller: Principal): Promise<Maintenance> {
    const { clock, maintenance: store } = this.#ports;
    const before = await this.#seen(id, caller);
    const { model, cohort } = before;
    requireRight(caller, { action: "maintenance.change", model, labels: labelsOfCohort(cohort) });
    const act = { by: caller.id, atMs: clock.nowMs() };
    await store.end(id, act, maintenanceEntry(before, "ended", act));
    return this.#seen(id, caller);
  }

  async #seen(id: MaintenanceId, caller: Principal): Promise<Maintenance> {
    const known = await this.#ports.maintenance.byId(id);
    if (known !== undefined && maySeeCohort(caller, known.model, known.cohort)) return known;
    throw new NotFoundError(
      "MAINTENANCE_UNKNOWN",
      `expected the id of a maintenance, got ${id}: see modelfleet maintenance list`,
    );
  }
}
