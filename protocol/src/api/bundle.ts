import * as z from "zod";
import { documentLimits } from "../limits.ts";
import { ReleaseFile } from "../trust/release-document.ts";
import { Counter, DeviceId, Sha256 } from "../units.ts";

/** An envelope in base64. */
const EnvelopeText = z.base64().max(Math.ceil(documentLimits.envelopeBytesMax / 3) * 4);

/** Body of `POST /v1/devices/{id}/bundle`. */
export const BundleRequest = z.object({
  /** The device's signed hello, carried here by hand; the order then answers its nonce (protocol.md 5.7). */
  hello: EnvelopeText.optional(),
  /** The root the device holds; later ones come with the bundle. */
  rootVersion: Counter.min(1).default(1),
});
export type BundleRequest = z.infer<typeof BundleRequest>;

/** All a device without a network needs to run what it should; files are fetched by their digests. */
export const Bundle = z.object({
  device: DeviceId,
  seq: Counter,
  desired: EnvelopeText,
  /** After the device's root, in order. */
  roots: z.array(z.object({ version: Counter, envelope: EnvelopeText })),
  releases: z.array(z.object({ release: Sha256, envelope: EnvelopeText })),
  /** Each digest once. */
  files: z.array(ReleaseFile.omit({ path: true })),
});
export type Bundle = z.infer<typeof Bundle>;
