import { readJson } from "./read-json.ts";

/** An envelope as the oracle reads it. */
export interface ReadEnvelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly { readonly keyid: string; readonly sig: Buffer }[];
}

const ENVELOPE_BYTES_MAX = 32_768;
const PAYLOAD_BYTES_MAX = 15_000;

/**
 * Reads an envelope by the words of protocol.md 1.1, written apart from the core so that the two can disagree.
 *
 * @returns undefined for anything that is not one
 */
export function readEnvelope(bytes: Uint8Array): ReadEnvelope | undefined {
  if (bytes.length > ENVELOPE_BYTES_MAX) return undefined;
  const json = readJson(bytes)?.value;
  if (!(json instanceof Map)) return undefined;
  const payloadType: unknown = json.get("payloadType");
  const payload = readBase64(json.get("payload"));
  const signatures = readSignatures(json.get("signatures"));
  if (typeof payloadType !== "string" || payload === undefined) return undefined;
  if (signatures === undefined || payload.length > PAYLOAD_BYTES_MAX) return undefined;
  return { payloadType, payload, signatures };
}

function readSignatures(value: unknown): ReadEnvelope["signatures"] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read = [];
  for (const one of value) {
    if (!(one instanceof Map)) return undefined;
    const keyid: unknown = one.get("keyid");
    const text: unknown = one.get("sig");
    const sig = readBase64(text);
    // The texts are bounded: 128 characters of keyid, 256 of signature.
    if (typeof keyid !== "string" || keyid.length > 128) return undefined;
    if (typeof text !== "string" || text.length > 256 || sig === undefined) return undefined;
    read.push({ keyid, sig });
  }
  return read;
}

/** Digits read one by one: four make three bytes, the last may be padded, spare bits are zero. */
export function readBase64(text: unknown): Buffer | undefined {
  if (typeof text !== "string" || text.length % 4 !== 0) return undefined;
  const isUrl = /^[A-Za-z0-9_-]*={0,2}$/.test(text);
  const isStandard = /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  if (!isUrl && !isStandard) return undefined;
  const padding = text.endsWith("==") ? 2 : Number(text.endsWith("="));
  // With one pad the last digit carries 2 spare bits, with two 4: digits whose number is a multiple of that.
  const last = digitOf(text.at(-1 - padding) ?? "A");
  if (padding === 1 && last % 4 !== 0) return undefined;
  if (padding === 2 && last % 16 !== 0) return undefined;
  return Buffer.from(text, isStandard ? "base64" : "base64url");
}

function digitOf(char: string): number {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const at = digits.indexOf(char);
  if (at >= 0) return at;
  return char === "+" || char === "-" ? 62 : 63;
}
