import * as z from "zod";
import { claimLimits } from "../limits.ts";
import { DeviceId, Labels, ModelName, ReleaseVersion } from "../units.ts";
import { Claim } from "./claims.ts";
import { Deployment } from "./deployments.ts";

const LabelTerm = z
  .string()
  .regex(/^[a-z][a-z0-9.-]{0,31}=[A-Za-z0-9_.-]{1,63}$/, "expected a label like site=plant-a");

/** `GET /v1/devices?label=site=plant-a&label=line=3`: devices that carry every one of them. */
export const DeviceQuery = z.object({
  label: z.union([LabelTerm, z.array(LabelTerm).max(claimLimits.labelsMax)]).optional(),
});
export type DeviceQuery = z.infer<typeof DeviceQuery>;

/** The labels a query asks for; a key named twice counts as its last value. */
export function labelsOf({ label = [] }: DeviceQuery): Labels {
  const terms = typeof label === "string" ? [label] : label;
  return Labels.parse(
    Object.fromEntries(
      terms.map((term) => [term.slice(0, term.indexOf("=")), term.slice(term.indexOf("=") + 1)]),
    ),
  );
}

/** `GET /v1/releases?model=`. */
export const ReleaseQuery = z.object({ model: ModelName.optional() });
export type ReleaseQuery = z.infer<typeof ReleaseQuery>;

/** A number in a query string. */
const QueryMs = z.coerce.number<string>().int().min(0);

/** `GET /v1/telemetry?model=&version=&device=&sinceMs=&untilMs=`; every part may be left out. */
export const TelemetryQuery = z.object({
  model: ModelName.optional(),
  version: ReleaseVersion.optional(),
  device: DeviceId.optional(),
  sinceMs: QueryMs.optional(),
  untilMs: QueryMs.optional(),
});
export type TelemetryQuery = z.infer<typeof TelemetryQuery>;

/** In `GET /v1/deployments/{id}`. */
export const DeploymentName = z.string().min(1).max(64);

/** In `GET /v1/device/root/{version}`. */
export const RootVersion = z.coerce.number<string>().int().min(1);

/** `GET /v1/claims`. */
export const ClaimList = z.object({ claims: z.array(Claim) });
export type ClaimList = z.infer<typeof ClaimList>;

/** `GET /v1/deployments`, newest first. */
export const DeploymentList = z.object({ deployments: z.array(Deployment) });
export type DeploymentList = z.infer<typeof DeploymentList>;
