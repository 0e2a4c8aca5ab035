import type { ModelName } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { labelsOfCohort } from "../../domain/drift/cohort-key.ts";

/** A cohort by a label is seen by who may see devices with that label; the fleet and a class by who may see all. */
export function maySeeCohort(caller: Principal, model: ModelName, cohort: string): boolean {
  return permits(caller, { action: "telemetry.read", model, labels: labelsOfCohort(cohort) });
}
