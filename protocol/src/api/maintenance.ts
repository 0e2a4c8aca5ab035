import * as z from "zod";
import { maintenanceLimits } from "../drift-limits.ts";
import { ModelName, UnixMs } from "../units.ts";
import { CohortName } from "./drift.ts";

export const MaintenanceId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, "expected the id of a maintenance: 16 lowercase hex characters");
export type MaintenanceId = z.infer<typeof MaintenanceId>;

/** Body of `POST /v1/maintenance`: devices of one model are worked on, and their alerts are told to nobody meanwhile. */
export const MaintenanceRequest = z.strictObject({
  model: ModelName,
  cohort: CohortName.refine(
    (cohort) => cohort === "fleet" || /^[^=]+=/.test(cohort),
    "expected fleet, class=NAME or LABEL=VALUE",
  ).default("fleet"),
  /** Left out: now. */
  fromMs: UnixMs.optional(),
  untilMs: UnixMs,
  reason: z.string().trim().min(1).max(maintenanceLimits.reasonLengthMax),
});
export type MaintenanceRequest = z.infer<typeof MaintenanceRequest>;

export const Maintenance = z.object({
  id: MaintenanceId,
  model: ModelName,
  cohort: CohortName,
  fromMs: UnixMs,
  untilMs: UnixMs,
  reason: z.string(),
  createdAtMs: UnixMs,
  createdBy: z.string(),
  /** When somebody ended it before its time; null: nobody has. One that was ended before it began never was. */
  endedAtMs: UnixMs.nullable(),
  endedBy: z.string().nullable(),
});
export type Maintenance = z.infer<typeof Maintenance>;

/** `GET /v1/maintenance?model=`: those that end last first, also those that are over. */
export const MaintenanceList = z.object({ maintenance: z.array(Maintenance) });
export type MaintenanceList = z.infer<typeof MaintenanceList>;

export const MaintenanceQuery = z.strictObject({ model: ModelName.optional() });
export type MaintenanceQuery = z.infer<typeof MaintenanceQuery>;
