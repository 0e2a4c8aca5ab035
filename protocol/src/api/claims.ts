import * as z from "zod";
import { claimLimits } from "../limits.ts";
import { DeviceClass, DeviceId, Labels, UnixMs } from "../units.ts";

/** Name of a claim; no secret. */
export const ClaimId = z
  .string()
  .regex(/^[a-z0-9]{8,32}$/, "expected the id of a claim: 8 to 32 characters of a-z and 0-9");

/** Body of `POST /v1/claims`. */
export const ClaimRequest = z
  .object({
    class: DeviceClass,
    uses: z.int().min(1).max(claimLimits.usesMax).default(1),
    lifeMs: z.int().min(1_000).max(claimLimits.lifeMsMax).default(claimLimits.lifeMsDefault),
    labels: Labels.default({}),
    /** The one device it admits, under this name; also in place of a revoked device of this name. */
    device: DeviceId.optional(),
    /** A device that enrols with it gets nothing until an operator has compared its fingerprint. */
    needsApproval: z.boolean().optional(),
  })
  .refine(({ device, uses }) => device === undefined || uses === 1, {
    path: ["uses"],
    message: "expected 1 use of a claim that is bound to one device",
  });
export type ClaimRequest = z.infer<typeof ClaimRequest>;

/** A permission to enrol devices, without its secret; `used` of `uses` are taken. */
export const Claim = z.object({
  id: z.string(),
  class: DeviceClass,
  uses: z.int(),
  used: z.int(),
  expiresAtMs: UnixMs,
  labels: Labels,
  device: DeviceId.nullable(),
  needsApproval: z.boolean(),
  revokedAtMs: UnixMs.nullable(),
});
export type Claim = z.infer<typeof Claim>;

/** Answer of `POST /v1/claims`; the enrolment string holds the claim's secret and is shown once. */
export const ClaimCreated = z.object({ claim: Claim, enrolment: z.string() });
export type ClaimCreated = z.infer<typeof ClaimCreated>;
