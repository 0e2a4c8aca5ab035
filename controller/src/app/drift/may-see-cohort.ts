import type { Labels, ModelName } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";

/** A cohort by a label is seen by who may see devices with that label; the fleet and a class by who may see all. */
export function maySeeCohort(caller: Principal, model: ModelName, cohort: string): boolean {
  return permits(caller, { action: "telemetry.read", model, labels: labelsOfCohort(cohort) });
}

/** The label that every device of the cohort carries. */
export function labelsOfCohort(cohort: string): Labels {
  const at = cohort.indexOf("=");
  const key = cohort.slice(0, Math.max(0, at));
  return key === "" || key === "class" ? {} : { [key]: cohort.slice(at + 1) };
}
