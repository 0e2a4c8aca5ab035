import { type AuditEvent, Sha256, sha256 } from "@modelfleet/protocol";

/** What the first entry is built upon. */
export const chainStart: Sha256 = Sha256.parse("0".repeat(64));

const DOMAIN = "modelfleet.audit.v1";
const LENGTH_BYTES = 4;

/** @returns the hash that an entry with these fields has */
export function chainHash(event: Omit<AuditEvent, "hash">): Sha256 {
  const { previousHash, seq, atMs, actor, action, subject, detail } = event;
  // protocol.md 9.2: the very text that is stored is hashed, each field after its length, so that none can flow into another.
  const fields = [DOMAIN, previousHash, String(seq), String(atMs), actor, action, subject, detail];
  return sha256(lengthPrefixed(fields));
}

/** Of UTF-8, for one unit of UTF-16. */
const BYTES_PER_UNIT_MAX = 3;

function lengthPrefixed(fields: readonly string[]): Uint8Array {
  const units = fields.reduce((sum, field) => sum + field.length, 0);
  const bytes = Buffer.allocUnsafe(fields.length * LENGTH_BYTES + units * BYTES_PER_UNIT_MAX);
  let at = 0;
  for (const field of fields) {
    const written = bytes.write(field, at + LENGTH_BYTES);
    bytes.writeUInt32BE(written, at);
    at += LENGTH_BYTES + written;
  }
  return bytes.subarray(0, at);
}
