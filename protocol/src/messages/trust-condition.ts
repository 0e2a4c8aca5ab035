import * as z from "zod";
import { Sha256 } from "../units.ts";

/** What a device says of itself, in every hello and report (protocol.md 4.9 to 4.11). */
export const TrustCondition = z.object({
  /** No answer to a hello of its own for `documentLimits.freshForMs` of uptime; absent while it has one. */
  stale: z.literal(true).optional(),
  /** The newest root or desired document it refused since its start. */
  lastRefusal: z
    .object({
      /** A `VerifyCode`; one of a newer program is not refused. */
      code: z.string().regex(/^[A-Z_]{1,32}$/, "expected a code like SIGNATURE"),
      /** Of the envelope as received. */
      sha256: Sha256,
    })
    .optional(),
  /** What is wrong with its disk; absent while nothing is known to be. */
  storeFault: z.enum(["STATE_LOST", "STORE_FAILED", "NO_SPACE"]).optional(),
});
export type TrustCondition = z.infer<typeof TrustCondition>;
