import type { Sha256 } from "../units.ts";

/** The first 8 bytes of a SHA-256 as 16 hex characters: how a window names its release and its profile. */
export type Digest8 = string & { readonly __brand: "Digest8" };

/** What a window carries of a release digest, or of the `sha256` of the profile's file. */
export function digest8(sha256: Sha256): Digest8 {
  return sha256.slice(0, 16) as Digest8;
}
