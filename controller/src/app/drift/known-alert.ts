import type { Alert } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { AlertStore } from "../../ports/drift-store.ts";
import { maySeeCohort } from "./may-see-cohort.ts";

/** @throws NotFoundError ALERT_UNKNOWN, also for one the caller may not see */
export async function seenAlert(alerts: AlertStore, id: string, caller: Principal): Promise<Alert> {
  const alert = await alerts.alert(id);
  if (alert !== undefined && maySeeCohort(caller, alert.model, alert.cohort)) return alert;
  throw new NotFoundError(
    "ALERT_UNKNOWN",
    `expected the id of an alert, got ${id.slice(0, 64)}: see modelfleet alert list`,
  );
}
