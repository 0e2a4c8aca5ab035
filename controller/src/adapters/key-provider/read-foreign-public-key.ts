import { createPublicKey } from "node:crypto";
import { encodeBase64, keyLimits } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { readBounded } from "./read-bounded.ts";

const PUBLIC_KEY_BYTES = 32;

/** A public key as others write it: PEM or DER of a SubjectPublicKeyInfo (RFC 8410). @returns 32 bytes, base64 */
export async function readForeignPublicKey(path: string): Promise<string> {
  const { bytes } = await readBounded(path, keyLimits.fileBytesMax);
  const isPem = new TextDecoder().decode(bytes).includes("-----BEGIN PUBLIC KEY-----");
  try {
    const data = Buffer.from(bytes);
    const key = isPem
      ? createPublicKey({ key: data, format: "pem" })
      : createPublicKey({ key: data, format: "der", type: "spki" });
    if (key.asymmetricKeyType !== "ed25519") {
      throw new Error(`expected an Ed25519 key, got ${key.asymmetricKeyType ?? "another"}`);
    }
    const der = key.export({ format: "der", type: "spki" });
    return encodeBase64(new Uint8Array(der.subarray(-PUBLIC_KEY_BYTES)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KeyError("KEY_INVALID", `${path}: expected a public key as PEM or DER: ${why}`, {
      cause,
    });
  }
}
