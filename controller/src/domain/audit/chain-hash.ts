import { type AuditEvent, Sha256, sha256 } from "@modelfleet/protocol";

/** What the first entry is built upon. */
export const chainStart: Sha256 = Sha256.parse("0".repeat(64));

const DOMAIN = "modelfleet.audit.v1";
const LENGTH_BYTES = 4;

/** @returns the hash that an entry with these fields has */
export function chainHash(event: Omit<AuditEvent, "hash">): Sha256 {
  const { previousHash, seq, atMs, actor, action, subject, detail } = event;
  // protocol.md 9.2: the very text that is stored is hashed, each field after its length, so that none can flow into another.
  const fields = [
    DOMAIN,
    previousHash,
    String(seq),
    String(atMs),
    actor,
    action,
    subject,
    detail,
  ].map((text) => new TextEncoder().encode(text));
  return sha256(lengthPrefixed(fields));
}

function lengthPrefixed(fields: readonly Uint8Array[]): Uint8Array {
  const size = fields.reduce((sum, field) => sum + LENGTH_BYTES + field.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    view.setUint32(at, field.length);
    bytes.set(field, at + LENGTH_BYTES);
    at += LENGTH_BYTES + field.length;
  }
  return bytes;
}
