import type { MaintenanceList, MaintenanceQuery } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { maySeeCohort } from "../drift/may-see-cohort.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import type { MaintenancePorts } from "./maintenance-ports.ts";

/** What was announced, for cohorts the caller may see. */
export class ListMaintenance {
  readonly #ports: MaintenancePorts;

  constructor(ports: MaintenancePorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError MODEL_UNKNOWN */
  async run({ model }: MaintenanceQuery, caller: Principal): Promise<MaintenanceList> {
    await requireSeenModel(this.#ports.releases, { model }, caller);
    const all = await this.#ports.maintenance.list(model);
    const seen = all.filter((one) => maySeeCohort(caller, one.model, one.cohort));
    return { maintenance: seen };
  }
}
