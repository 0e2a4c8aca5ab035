import type { KeyObject } from "node:crypto";
import { FormatError } from "../errors.ts";
import { captureLimits } from "../limits.ts";
import { type CapturedTensor, CaptureHeader } from "./capture-header.ts";
import { createHpkeSealer, hpkeTagBytes, openHpke, x25519KeyBytes } from "./hpke.ts";

/*
 * A sealed capture, protocol.md 10.3, 10.4: 8 bytes `MFCAP001`, the 32 bytes of the encapsulated key, the ciphertext with its tag.
 * Inside: the length of the header in 4 bytes, little endian; the header in JSON; the bytes of its tensors.
 */

const utf8 = new TextEncoder();
const MAGIC = utf8.encode("MFCAP001");
const INFO = utf8.encode("modelfleet capture 1");
const LENGTH_BYTES = 4;
const HEAD_BYTES = MAGIC.length + x25519KeyBytes;

/** One request with its answer, as a device keeps it. */
export interface Capture {
  readonly header: CaptureHeader;
  /** In the order of `header.tensors`. */
  readonly tensors: readonly Uint8Array[];
}

/** Bytes of the file that a capture becomes. */
export function sealedCaptureBytes({ header, tensors }: Capture): number {
  const inside = headerBytes(header).length + tensors.reduce((sum, { length }) => sum + length, 0);
  return HEAD_BYTES + LENGTH_BYTES + inside + hpkeTagBytes;
}

/**
 * The file, in pieces of at most `captureLimits.pieceBytes`: whoever asks for one after the other holds nobody up for long.
 *
 * @param recipient raw X25519 public key
 * @param ephemeralSecret 32 random bytes, never used twice
 * @throws FormatError for a public key that gives no secret
 */
export function* sealCapture(
  { header, tensors }: Capture,
  keys: { readonly recipient: Uint8Array; readonly ephemeralSecret: Uint8Array },
): Generator<Uint8Array, void, undefined> {
  const sealer = createHpkeSealer(keys, { info: INFO, aad: MAGIC });
  yield Buffer.concat([MAGIC, sealer.enc]);
  const json = headerBytes(header);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(json.length);
  for (const part of [length, json, ...tensors]) {
    for (let at = 0; at < part.length; at += captureLimits.pieceBytes) {
      yield sealer.update(part.subarray(at, at + captureLimits.pieceBytes));
    }
  }
  yield sealer.end();
}

/** @param key the recipient's X25519 private key @throws FormatError when it is not whole, or sealed to another key */
export function openCapture(file: Uint8Array, key: KeyObject): Capture {
  const isMarked = MAGIC.every((byte, i) => file[i] === byte);
  if (!isMarked || file.length < HEAD_BYTES) {
    throw new FormatError("FORMAT", "expected a sealed capture, got another file");
  }
  const enc = file.subarray(MAGIC.length, HEAD_BYTES);
  const message = { enc, ciphertext: file.subarray(HEAD_BYTES) };
  return parseCapture(openHpke(key, message, { info: INFO, aad: MAGIC }));
}

function headerBytes(header: CaptureHeader): Uint8Array {
  return utf8.encode(JSON.stringify(header));
}

/** Anybody can seal to a public key, so what is inside is not believed either. */
function parseCapture(inside: Uint8Array): Capture {
  const view = new DataView(inside.buffer, inside.byteOffset, inside.length);
  const jsonBytes = inside.length < LENGTH_BYTES ? Number.NaN : view.getUint32(0, true);
  const end = LENGTH_BYTES + jsonBytes;
  if (!(end <= inside.length)) throw damaged("a header as long as it says");
  const header = parseHeader(inside.subarray(LENGTH_BYTES, end));
  return { header, tensors: split(header.tensors, inside.subarray(end)) };
}

function parseHeader(bytes: Uint8Array): CaptureHeader {
  const parsed = CaptureHeader.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(`its header: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "another form"}`);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // Not JSON: refused as any other form.
  }
}

function split(specs: readonly CapturedTensor[], bytes: Uint8Array): readonly Uint8Array[] {
  const total = specs.reduce((sum, spec) => sum + spec.bytes, 0);
  if (total !== bytes.length) throw damaged(`${total} bytes of tensors, got ${bytes.length}`);
  let at = 0;
  return specs.map((spec) => {
    at += spec.bytes;
    return bytes.subarray(at - spec.bytes, at);
  });
}

function damaged(expected: string): FormatError {
  return new FormatError("FORMAT", `expected of a capture: ${expected}`);
}
