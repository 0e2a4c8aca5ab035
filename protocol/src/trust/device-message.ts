import type { z } from "zod";
import { EnrolMessage } from "../messages/enrol.ts";
import { HelloMessage } from "../messages/hello.ts";
import { ReportMessage } from "../messages/report.ts";
import { decodeEnvelope, pae, type UnverifiedEnvelope } from "./core/envelope.ts";
import { keyIdOf } from "./core/key-id.ts";
import { checkEnvelope, type RoleKeys } from "./core/open-envelope.ts";
import { parsePayload } from "./core/payload.ts";
import { payloadTypes } from "./core/payload-types.ts";
import { decodeBase64 } from "./core/strict-base64.ts";
import { isStrictPublicKey } from "./core/strict-ed25519.ts";
import { VerifyError } from "./core/verify-error.ts";
import { verifySignatureNative } from "./core/verify-signature.ts";
import { encodePayload } from "./encode-payload.ts";
import { type Signer, signEnvelope } from "./sign-envelope.ts";
import { verifyInPool } from "./verify-in-pool.ts";

const schemas = { hello: HelloMessage, report: ReportMessage, enrol: EnrolMessage } as const;

/** Messages a device signs with its own key. */
export type DeviceMessageType = keyof typeof schemas;
export type DeviceMessage<Type extends DeviceMessageType> = z.infer<(typeof schemas)[Type]>;

/**
 * A message signed by one device's key. That its `device` is the topic's is the receiver's to check.
 *
 * @throws VerifyError SIZE, TYPE, SIGNATURE, FORMAT naming the field
 */
export function openDeviceMessage<Type extends DeviceMessageType>(
  bytes: Uint8Array,
  type: Type,
  publicKey: Uint8Array,
): DeviceMessage<Type> {
  return parseDeviceMessage(type, openDevicePayload(bytes, type, publicKey));
}

/**
 * The payload of a message, whatever it says, once its signature by this device's key holds.
 *
 * @throws VerifyError SIZE, TYPE, SIGNATURE; FORMAT of the envelope
 */
export function openDevicePayload(
  bytes: Uint8Array,
  type: DeviceMessageType,
  publicKey: Uint8Array,
): Uint8Array {
  const envelope = decodeEnvelope(bytes);
  checkSigner(envelope, type, publicKey);
  return envelope.payload;
}

/**
 * The same as `openDevicePayload` and then `parseDeviceMessage`, with the signature checked in the thread pool: a
 * controller takes in thousands of these a second, and the check is most of the work.
 *
 * @throws VerifyError SIZE, TYPE, SIGNATURE; FORMAT of the envelope
 */
export async function openDevicePayloadInPool(
  bytes: Uint8Array,
  type: DeviceMessageType,
  publicKey: Uint8Array,
): Promise<Uint8Array> {
  const envelope = decodeEnvelope(bytes);
  const role = soleSigner(publicKey);
  const verdict = await verdictInPool(envelope, type, role);
  // The core decides by its own rules; only the arithmetic is done already.
  checkEnvelope(envelope, payloadTypes[type], { role, verify: () => verdict });
  return envelope.payload;
}

/** Whether the signature that names this key holds; without one there is nothing to find out. */
function verdictInPool(
  { payload, payloadType, signatures }: UnverifiedEnvelope,
  type: DeviceMessageType,
  { keys }: RoleKeys,
): Promise<boolean> {
  const known: ReadonlyMap<string, Uint8Array> = keys;
  const own = signatures.filter(({ keyid }) => known.has(keyid));
  const [signature] = own;
  // A repeated keyid is refused by the core, whatever the verdict.
  const isSole = signature !== undefined && own.length === 1;
  const publicKey = isSole ? known.get(signature.keyid) : undefined;
  if (publicKey === undefined || !isSole || payloadType !== payloadTypes[type]) {
    return Promise.resolve(false);
  }
  return verifyInPool(publicKey, pae(payloadType, payload), signature.sig);
}

/** An enrol message whose sender holds the key it brings. */
export interface OpenedEnrol {
  readonly message: EnrolMessage;
  /** The exact bytes the claim's MAC covers. */
  readonly payload: Uint8Array;
  /** The key the message brings and is signed by; 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * An enrol message, signed by the key it brings itself: proof that the sender holds that key, and of nothing else.
 *
 * @throws VerifyError SIZE, TYPE, SIGNATURE, FORMAT naming the field
 */
export function openEnrolMessage(bytes: Uint8Array): OpenedEnrol {
  const envelope = decodeEnvelope(bytes);
  const message = parseDeviceMessage("enrol", envelope.payload);
  const publicKey = decodeBase64(message.publicKey);
  if (!isStrictPublicKey(publicKey)) {
    throw new VerifyError("FORMAT", "publicKey: expected a strict Ed25519 key in base64");
  }
  // protocol.md 7.3: the device proves that it holds the key it enrols.
  checkSigner(envelope, "enrol", publicKey);
  return { message, payload: envelope.payload, publicKey };
}

/** @throws FormatError SIZE when the message is larger than any receiver takes */
export function signDeviceMessage<Type extends DeviceMessageType>(
  signer: Signer,
  type: Type,
  message: DeviceMessage<Type>,
): Uint8Array {
  return signEnvelope(payloadTypes[type], encodePayload(message), [signer]);
}

/**
 * The meaning of a payload whose signature holds already.
 *
 * @throws VerifyError FORMAT naming the field
 */
export function parseDeviceMessage<Type extends DeviceMessageType>(
  type: Type,
  payload: Uint8Array,
): DeviceMessage<Type> {
  return parsePayload(schemas[type], payload);
}

function checkSigner(
  envelope: UnverifiedEnvelope,
  type: DeviceMessageType,
  publicKey: Uint8Array,
): void {
  // The native backend: a controller verifies thousands of these a second.
  const by = { role: soleSigner(publicKey), verify: verifySignatureNative };
  checkEnvelope(envelope, payloadTypes[type], by);
}

function soleSigner(publicKey: Uint8Array): RoleKeys {
  return { keys: new Map([[keyIdOf(publicKey), publicKey]]), threshold: 1 };
}
