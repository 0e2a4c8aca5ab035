import * as z from "zod";
import { documentLimits } from "../limits.ts";
import { KeyId, RootDocument } from "../trust/root-document.ts";
import { Counter, Sha256, Timestamp } from "../units.ts";

/** How near a root's end is: at 90, 30 and 7 days somebody should act; after it devices take nothing new. */
export const RootExpiry = z.enum(["good", "in-90-days", "in-30-days", "in-7-days", "expired"]);
export type RootExpiry = z.infer<typeof RootExpiry>;

/** Body of `POST /v1/roots`: the signed envelope, base64. */
export const RootPublication = z.object({
  envelope: z.base64().max(Math.ceil(documentLimits.envelopeBytesMax / 3) * 4),
});
export type RootPublication = z.infer<typeof RootPublication>;

/** A root of the fleet. */
export const RootView = z.object({
  version: Counter.min(1),
  sha256: Sha256,
  expires: Timestamp,
  /** Whole days; below 0 when it has expired. */
  daysLeft: z.int(),
  expiry: RootExpiry,
  /** The online key this controller signs with. */
  onlineKey: KeyId,
  document: RootDocument,
  /** The signed bytes, base64; what the next root is made from. */
  envelope: z.string(),
});
export type RootView = z.infer<typeof RootView>;

/** Answer of `POST /v1/roots`. */
export const RootPublished = z.object({
  root: RootView,
  /** Connected devices that get a new order because of it; the others get theirs when they return. */
  devices: z.int().min(0),
});
export type RootPublished = z.infer<typeof RootPublished>;
