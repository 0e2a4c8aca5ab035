import { z } from "zod";
import { claimLimits } from "../limits.ts";
import { DeviceClass, Labels, UnixMs } from "../units.ts";

/** Body of `POST /v1/claims`. */
export const ClaimRequest = z.object({
  class: DeviceClass,
  uses: z.int().min(1).max(claimLimits.usesMax).default(1),
  lifeMs: z.int().min(1_000).max(claimLimits.lifeMsMax).default(claimLimits.lifeMsDefault),
  labels: Labels.default({}),
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
});
export type Claim = z.infer<typeof Claim>;

/** Answer of `POST /v1/claims`; the enrolment string holds the claim's secret and is shown once. */
export const ClaimCreated = z.object({ claim: Claim, enrolment: z.string() });
export type ClaimCreated = z.infer<typeof ClaimCreated>;
