import * as z from "zod";
import { ReleaseDocument } from "../trust/release-document.ts";
import { Sha256, UnixMs } from "../units.ts";
import { Approval } from "./access.ts";

/** `GET /v1/releases/{digest}`; `release` is the SHA-256 of the signed payload and names this release everywhere. */
export const Release = z.object({
  release: Sha256,
  document: ReleaseDocument,
  /** Bytes of the signed envelope. */
  envelopeSize: z.int(),
  publishedAtMs: UnixMs,
  /** It cannot be deployed while it awaits one. */
  approval: Approval,
});
export type Release = z.infer<typeof Release>;

/** `GET /v1/releases`, newest first. */
export const ReleaseList = z.object({ releases: z.array(Release) });
export type ReleaseList = z.infer<typeof ReleaseList>;
