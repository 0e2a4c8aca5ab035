import * as z from "zod";
import { documentLimits } from "../../limits.ts";
import { readJson } from "./read-json.ts";
import { decodeBase64 } from "./strict-base64.ts";
import { VerifyError } from "./verify-error.ts";

/** One signature; `keyid` is a hint, `sig` of any length until it is checked. */
export interface EnvelopeSignature {
  readonly keyid: string;
  readonly sig: Uint8Array;
}

/** An envelope taken apart; nothing in it has been verified. */
export interface UnverifiedEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

const EnvelopeJson = z.object({
  payloadType: z.string().max(128),
  payload: z.string(),
  signatures: z.array(z.object({ keyid: z.string().max(128), sig: z.string().max(256) })),
});

/** The bytes that are signed: DSSE's pre-authentication encoding (secure-systems-lab/dsse protocol.md 1.0.2). */
export function pae(type: string, body: Uint8Array): Uint8Array {
  const header = Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `);
  const encoded = new Uint8Array(header.length + body.length);
  encoded.set(header);
  encoded.set(body, header.length);
  return encoded;
}

/**
 * Takes an envelope apart without verifying anything; only for finding out which key or digest to verify against.
 *
 * @throws VerifyError SIZE, FORMAT
 */
export function decodeEnvelope(bytes: Uint8Array): UnverifiedEnvelope {
  // protocol.md 1.1.2: the size is capped before anything is parsed.
  const json = readJson("envelope", bytes, { bytesMax: documentLimits.envelopeBytesMax });
  const envelope = EnvelopeJson.safeParse(json);
  if (!envelope.success) {
    throw new VerifyError("FORMAT", "expected an envelope with payloadType, payload, signatures");
  }
  const { payloadType, payload, signatures } = envelope.data;
  return {
    payloadType,
    payload: decodePayload(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: bytesOf("sig", sig) })),
  };
}

function decodePayload(text: string): Uint8Array {
  const payload = bytesOf("payload", text);
  const { payloadBytesMax } = documentLimits;
  // protocol.md 1.1.2: a payload is at most 15,000 bytes.
  if (payload.length <= payloadBytesMax) return payload;
  const got = payload.length;
  throw new VerifyError("SIZE", `expected a payload ≤ ${payloadBytesMax} bytes, got ${got}`);
}

function bytesOf(field: string, text: string): Uint8Array {
  // protocol.md 1.1.4: base64 that does not re-encode to itself is refused.
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  throw new VerifyError("FORMAT", `${field}: expected padded base64, got something else`);
}
