import * as z from "zod";
import { driftPipelineLimits } from "../drift-limits.ts";
import { Counter, ModelName, ReleaseVersion, Sha256, UnixMs } from "../units.ts";
import { CohortName, DriftCulprit, DriftVerdict, OutlierDevice, SignalName } from "./drift.ts";
import { MaintenanceId } from "./maintenance.ts";

/** telemetry.md 2.6. An alert begins as FIRING or SUPPRESSED and ends as OK or INSUFFICIENT_DATA. */
export const AlertState = z.enum([
  "INSUFFICIENT_DATA",
  "OK",
  "PENDING",
  "FIRING",
  "RECOVERING",
  "SUPPRESSED",
  "ACKED",
]);
export type AlertState = z.infer<typeof AlertState>;

export const AlertSeverity = z.enum(["warning", "critical"]);
export type AlertSeverity = z.infer<typeof AlertSeverity>;

/**
 * Why nobody is told: nobody has confirmed the reference, the release has just come to many of the devices, people have
 * announced it, the fleet's alert says it already, or the values cannot be believed.
 */
export const AlertSuppression = z.enum([
  "provisional",
  "rollout",
  "maintenance",
  "parent",
  "quality",
]);
export type AlertSuppression = z.infer<typeof AlertSuppression>;

/** What stands behind `rollout` and `maintenance`: how many of the cohort's devices are concerned, and by what. */
export const SuppressionCause = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("maintenance"),
    maintenance: MaintenanceId,
    /** What it was announced for, and what people said of it. */
    announcedFor: CohortName,
    reason: z.string(),
    by: z.string(),
    untilMs: UnixMs,
    devices: Counter,
    ofDevices: Counter,
  }),
  z.object({
    kind: z.literal("rollout"),
    rollout: z.string(),
    devices: Counter,
    ofDevices: Counter,
  }),
]);
export type SuppressionCause = z.infer<typeof SuppressionCause>;

/** One signal of one release in one cohort, from the first excess that counted to its end. */
export const Alert = z.object({
  id: z.string(),
  /** Counts changes: the ETag. */
  version: Counter,
  model: ModelName,
  modelVersion: ReleaseVersion,
  release: Sha256,
  cohort: CohortName,
  signal: SignalName,
  state: AlertState,
  severity: AlertSeverity,
  suppression: AlertSuppression.nullable(),
  startedAtMs: UnixMs,
  changedAtMs: UnixMs,
  /** null while it is open. */
  endedAtMs: UnixMs.nullable(),
  ackedBy: z.string().nullable(),
  /** PSI (or the measured rate) and its threshold when it changed last. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
});
export type Alert = z.infer<typeof Alert>;

/** A change of state, with what it rests on. */
export const AlertChange = z.object({
  id: z.string(),
  atMs: UnixMs,
  from: AlertState,
  to: AlertState,
  severity: AlertSeverity.nullable(),
  suppression: AlertSuppression.nullable(),
  /** null, too, for the reasons that say all. */
  suppressedBy: SuppressionCause.nullable().default(null),
  /** Whether people were told. */
  notice: z.enum(["fired", "worse", "resolved", "lost"]).nullable(),
  /** Who did it; null: the windows. */
  by: z.string().nullable(),
  note: z.string().nullable(),
  /** null for a person's act. */
  evidence: DriftVerdict.nullable(),
  culprits: z.array(DriftCulprit),
  /** Devices unlike their peers, the strongest first; and whether the cohort drifts without them. null: not looked at. */
  devices: z.array(OutlierDevice),
  cause: z.enum(["devices", "cohort"]).nullable(),
});
export type AlertChange = z.infer<typeof AlertChange>;

/** `GET /v1/alerts/{id}`: its changes oldest first. */
export const AlertDetail = Alert.extend({ changes: z.array(AlertChange) });
export type AlertDetail = z.infer<typeof AlertDetail>;

export const AlertList = z.object({ alerts: z.array(Alert) });
export type AlertList = z.infer<typeof AlertList>;

/** `GET /v1/alerts?state=FIRING,ACKED&model=&limit=&cursor=`, newest first. */
export const AlertQuery = z.strictObject({
  /** Comma-separated; without it all. */
  state: z
    .string()
    .max(256)
    .transform((text) => text.split(","))
    .pipe(z.array(AlertState))
    .optional(),
  model: ModelName.optional(),
  limit: z.coerce.number<string>().int().min(1).max(driftPipelineLimits.alertsPageMax).optional(),
  cursor: z
    .string()
    .max(256)
    .regex(/^\d{1,15}\.\w+$/, "expected the cursor of a next page, as the Link of a page has it")
    .optional(),
});
export type AlertQuery = z.infer<typeof AlertQuery>;

/** The id of an alert in a path. */
export const AlertName = z.string().min(1).max(driftPipelineLimits.alertIdLengthMax);

/** `POST /v1/alerts/{id}:ack`: somebody takes it. */
export const AlertAck = z.strictObject({
  note: z.string().max(driftPipelineLimits.noteLengthMax).default(""),
});
export type AlertAck = z.infer<typeof AlertAck>;
