import {
  driftPipelineLimits,
  type Maintenance,
  MaintenanceId,
  type MaintenanceRequest,
  type ModelName,
  maintenanceLimits,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { fleetCohort, isCohortKey, labelsOfCohort } from "../../domain/drift/cohort-key.ts";
import { MaintenanceError, NotFoundError } from "../../domain/errors.ts";
import { named } from "../../domain/named.ts";
import { requireRight } from "../access/require-right.ts";
import { maySeeCohort } from "../drift/may-see-cohort.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import { type MaintenancePorts, maintenanceEntry } from "./maintenance-ports.ts";

const ID_BYTES = 8;

/** People work on devices of a cohort; nobody is told of its alerts meanwhile. */
export class AnnounceMaintenance {
  readonly #ports: MaintenancePorts;

  constructor(ports: MaintenancePorts) {
    this.#ports = ports;
  }

  /**
   * @throws AccessError NOT_PERMITTED over all devices of the cohort
   * @throws NotFoundError MODEL_UNKNOWN | COHORT_UNKNOWN: it would silence nothing
   * @throws MaintenanceError MAINTENANCE_TIME | MAINTENANCE_TOO_MUCH
   */
  async run(request: MaintenanceRequest, caller: Principal): Promise<Maintenance> {
    const { clock, maintenance: store, releases } = this.#ports;
    const { model, cohort, untilMs, reason } = request;
    requireRight(caller, { action: "maintenance.change", model, labels: labelsOfCohort(cohort) });
    await requireSeenModel(releases, { model }, caller);
    await this.#requireCohort(cohort, { model, caller });
    const nowMs = clock.nowMs();
    const fromMs = request.fromMs ?? nowMs;
    requireTime({ fromMs, untilMs, nowMs });
    const id = MaintenanceId.parse(Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"));
    const maintenance: Maintenance = {
      ...{ id, model, cohort, fromMs, untilMs, reason },
      ...{ createdAtMs: nowMs, createdBy: caller.id, endedAtMs: null, endedBy: null },
    };
    const entry = maintenanceEntry(maintenance, "announced", { by: caller.id, atMs: nowMs });
    if (await store.add(maintenance, entry)) return maintenance;
    throw new MaintenanceError(
      "MAINTENANCE_TOO_MUCH",
      `expected fewer than ${maintenanceLimits.openMax} that are not over: end one (modelfleet maintenance end ID)`,
    );
  }

  async #requireCohort(
    cohort: string,
    { model, caller }: { readonly model: ModelName; readonly caller: Principal },
  ): Promise<void> {
    const { fleet } = this.#ports;
    // Also before its first device.
    if (cohort === fleetCohort || (isCohortKey(cohort) && (await fleet.hasCohort(cohort)))) return;
    const known = await fleet.someCohorts(driftPipelineLimits.cohortsMax);
    const seen = known.filter((one) => maySeeCohort(caller, model, one));
    throw new NotFoundError(
      "COHORT_UNKNOWN",
      `expected a cohort that has devices${named(seen)}, got ${cohort}`,
    );
  }
}

interface Times {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly nowMs: number;
}

/** @throws MaintenanceError MAINTENANCE_TIME naming what is wrong */
function requireTime({ fromMs, untilMs, nowMs }: Times): void {
  const { aheadMsMax, backMsMax, lengthMsMax } = maintenanceLimits;
  const wrong =
    (untilMs <= fromMs && "an end after its beginning") ||
    (untilMs <= nowMs && "an end that is still to come") ||
    (untilMs - fromMs > lengthMsMax && `at most ${days(lengthMsMax)} from beginning to end`) ||
    (fromMs < nowMs - backMsMax && `a beginning at most ${days(backMsMax)} ago`) ||
    (fromMs > nowMs + aheadMsMax && `a beginning within ${days(aheadMsMax)}`);
  if (wrong === false) return;
  const [from, until] = [fromMs, untilMs].map((ms) => new Date(ms).toISOString());
  throw new MaintenanceError(
    "MAINTENANCE_TIME",
    `expected ${wrong}, got ${from ?? ""} to ${until ?? ""}`,
  );
}

function days(ms: number): string {
  const count = ms / 86_400_000;
  return count === 1 ? "1 day" : `${count} days`;
}
