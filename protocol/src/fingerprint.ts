import * as z from "zod";
import type { Sha256 } from "./units.ts";

const GROUPS = 8;
const DIGITS = 4;

/** First half of a key's id in groups, for two people to compare: `1a2b-3c4d-…`, 8 groups of 4 hex digits. */
export const Fingerprint = z
  .string()
  .regex(/^[0-9a-f]{4}(-[0-9a-f]{4}){7}$/, "expected 8 groups of 4 hex digits, as the agent prints")
  .brand("Fingerprint");
export type Fingerprint = z.infer<typeof Fingerprint>;

/**
 * 128 bits of a key's digest: nobody makes a second key with the same.
 *
 * @param keyId of the device's public key
 */
export function fingerprintOf(keyId: Sha256): Fingerprint {
  const groups = Array.from({ length: GROUPS }, (_, i) =>
    keyId.slice(i * DIGITS, (i + 1) * DIGITS),
  );
  return Fingerprint.parse(groups.join("-"));
}

/** As people type it: upper case, and with spaces or colons between the groups. @returns undefined when it is none */
export function readFingerprint(text: string): Fingerprint | undefined {
  const digits = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s:-]/g, "");
  const groups = digits.match(/.{1,4}/g) ?? [];
  return Fingerprint.safeParse(groups.join("-")).data;
}
