import { FormatError } from "../errors.ts";
import { busLimits } from "../limits.ts";
import { pae } from "./core/envelope.ts";
import { payloadTypes } from "./core/payload-types.ts";
import { signatureBytes } from "./core/strict-ed25519.ts";
import { VerifyError } from "./core/verify-error.ts";
import { verifySignatureNative } from "./core/verify-signature.ts";
import type { Signer } from "./sign-envelope.ts";

/**
 * A telemetry frame: the device's signature, then the protobuf bytes (protocol.md 6.1).
 *
 * @throws FormatError SIZE above 32 KiB
 */
export function encodeSignedBatch(signer: Signer, protobufBytes: Uint8Array): Uint8Array {
  const size = signatureBytes + protobufBytes.length;
  if (size > busLimits.telemetryBytesMax) {
    throw new FormatError("SIZE", `expected ≤ ${busLimits.telemetryBytesMax} bytes, got ${size}`);
  }
  const frame = new Uint8Array(size);
  frame.set(signer.sign(pae(payloadTypes.telemetry, protobufBytes)));
  frame.set(protobufBytes, signatureBytes);
  return frame;
}

/**
 * The protobuf bytes of a frame signed by this device.
 *
 * @throws VerifyError SIZE, FORMAT, SIGNATURE
 */
export function openSignedBatch(publicKey: Uint8Array, frame: Uint8Array): Uint8Array {
  // protocol.md 6.1: capped before anything is looked at.
  if (frame.length > busLimits.telemetryBytesMax) {
    throw new VerifyError(
      "SIZE",
      `expected a frame ≤ ${busLimits.telemetryBytesMax} bytes, got ${frame.length}`,
    );
  }
  if (frame.length <= signatureBytes) {
    throw new VerifyError(
      "FORMAT",
      `expected a frame > ${signatureBytes} bytes, got ${frame.length}`,
    );
  }
  const body = frame.slice(signatureBytes);
  const signature = frame.slice(0, signatureBytes);
  // protocol.md 6.1: the type is signed, so telemetry is never taken for another document.
  if (!verifySignatureNative(publicKey, pae(payloadTypes.telemetry, body), signature)) {
    throw new VerifyError("SIGNATURE", "expected telemetry signed by this device's key");
  }
  return body;
}
