import { FormatError } from "../errors.ts";
import { documentLimits } from "../limits.ts";
import type { EnvelopeSignature } from "./core/envelope.ts";
import { encodeBase64 } from "./encode-base64.ts";

/** @throws FormatError SIZE for a payload or a number of signatures that no reader would take */
export function encodeEnvelope(
  type: string,
  payload: Uint8Array,
  signatures: readonly EnvelopeSignature[],
): Uint8Array {
  const { payloadBytesMax, signaturesMax, envelopeBytesMax } = documentLimits;
  checkSize("payload bytes", payload.length, payloadBytesMax);
  checkSize("signatures", signatures.length, signaturesMax);
  const json = JSON.stringify({
    payloadType: type,
    payload: encodeBase64(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: encodeBase64(sig) })),
  });
  const bytes = new TextEncoder().encode(json);
  checkSize("envelope bytes", bytes.length, envelopeBytesMax);
  return bytes;
}

function checkSize(what: string, got: number, max: number): void {
  if (got > max) throw new FormatError("SIZE", `expected ${what} ≤ ${max}, got ${got}`);
}
