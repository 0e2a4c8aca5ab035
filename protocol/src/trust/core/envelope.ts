import { z } from "zod";
import { FormatError } from "../../errors.ts";
import { documentLimits } from "../../limits.ts";
import { parseStrictJson } from "../../strict-json.ts";
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
  const typeBytes = Buffer.byteLength(type, "utf8");
  const header = `DSSEv1 ${typeBytes} ${type} ${body.length} `;
  return new Uint8Array(Buffer.concat([Buffer.from(header, "utf8"), body]));
}

/**
 * Takes an envelope apart without verifying anything; only for finding out which key or digest to verify against.
 *
 * @throws VerifyError SIZE, FORMAT
 */
export function decodeEnvelope(bytes: Uint8Array): UnverifiedEnvelope {
  const json = EnvelopeJson.safeParse(readJson(bytes));
  if (!json.success) {
    throw new VerifyError("FORMAT", "expected an envelope with payloadType, payload, signatures");
  }
  const { payloadType, payload, signatures } = json.data;
  const decoded = strictBase64("payload", payload);
  // protocol.md 1.1.2: a payload is at most 15,000 bytes.
  if (decoded.length > documentLimits.payloadBytesMax) {
    throw new VerifyError(
      "SIZE",
      `expected a payload ≤ ${documentLimits.payloadBytesMax} bytes, got ${decoded.length}`,
    );
  }
  return {
    payloadType,
    payload: decoded,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: strictBase64("sig", sig) })),
  };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    // protocol.md 1.1.2: the size is capped before anything is parsed.
    return parseStrictJson(bytes, { bytesMax: documentLimits.envelopeBytesMax });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new VerifyError(error.code, `envelope: ${error.message}`, { cause: error });
  }
}

function strictBase64(field: string, text: string): Uint8Array {
  // protocol.md 1.1.4: base64 that does not re-encode to itself is refused.
  const bytes = decodeBase64(text);
  if (bytes === undefined) {
    throw new VerifyError("FORMAT", `${field}: expected padded base64, got something else`);
  }
  return bytes;
}
