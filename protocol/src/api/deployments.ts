import * as z from "zod";
import { rehearsalLimits } from "../limits.ts";
import { RefusalCode } from "../messages/release-state.ts";
import { ReportStep } from "../messages/report.ts";
import {
  Counter,
  DeviceId,
  Labels,
  ModelName,
  mainSlot,
  ReleaseVersion,
  Sha256,
  SlotName,
  UnixMs,
} from "../units.ts";
import { Approval } from "./access.ts";

/** Which devices: one, all that carry every one of these labels, or the whole fleet. */
export const DeploymentTarget = z.union([
  z.strictObject({ device: DeviceId }),
  z.strictObject({ labels: Labels }),
  z.strictObject({ all: z.literal(true) }),
]);
export type DeploymentTarget = z.infer<typeof DeploymentTarget>;

/** How long applications of the devices may put the swap off, ms; absent: a day. */
const DeferMsMax = z.int().min(0).max(rehearsalLimits.deferMsMax).optional();

/** Body of `POST /v1/deployments`. */
export const DeploymentRequest = z.object({
  model: ModelName,
  version: ReleaseVersion,
  slot: SlotName.default(mainSlot),
  target: DeploymentTarget,
  deferMsMax: DeferMsMax,
});
export type DeploymentRequest = z.infer<typeof DeploymentRequest>;

/** Why a device cannot take a release: a stable code, what it needs and what the device has (targets.md 1.4). */
export const EligibilityReason = z.object({
  code: z.string(),
  need: z.string(),
  have: z.string(),
});
export type EligibilityReason = z.infer<typeof EligibilityReason>;

/** One device of a deployment. `superseded`: a later deployment wants something else of this slot. */
export const DeploymentDevice = z.object({
  device: DeviceId,
  status: z.enum([
    "ineligible",
    "assigned",
    "running",
    "confirmed",
    "refused",
    "rolled-back",
    "superseded",
  ]),
  seq: Counter.nullable(),
  step: ReportStep.nullable(),
  code: RefusalCode.nullable(),
  detail: z.string().nullable(),
  reasons: z.array(EligibilityReason),
});
export type DeploymentDevice = z.infer<typeof DeploymentDevice>;

/** `GET /v1/deployments/{id}`; the devices' states come from their signed reports. */
export const Deployment = z.object({
  id: z.string(),
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
  slot: SlotName,
  target: DeploymentTarget,
  deferMsMax: DeferMsMax,
  createdAtMs: UnixMs,
  /** Nothing is ordered before it is approved; then there are no devices yet. */
  approval: Approval,
  devices: z.array(DeploymentDevice),
});
export type Deployment = z.infer<typeof Deployment>;
