/**
 * One honest envelope, and what is done to it.
 *
 * - `alice`, `bob`, `carol`: signers. `envelopeType`, `envelopePayload`: what `honestEnvelope` holds, signed by alice.
 * - `roleOfKeys(signers, threshold)`: a role. `openAs(bytes, role)`: the verdict on bytes, alice's role unless another is given.
 * - `editedEnvelope(change)`: the honest one with members changed; `withSignature(text)`: with another `sig`.
 */
import {
  encodeBase64,
  keyIdOf,
  openEnvelope,
  pae,
  payloadTypes,
  type RoleKeys,
  type Signer,
  signEnvelope,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { refusal, seedSigner } from "./trust-fixtures.ts";

export const [alice, bob, carol] = [seedSigner("alice"), seedSigner("bob"), seedSigner("carol")];
export const envelopeType = payloadTypes.desired;
export const envelopePayload = new Uint8Array(Buffer.from('{"type":"desired"}'));
export const honestEnvelope = signEnvelope(envelopeType, envelopePayload, [alice]);
/** In base64. */
export const honestSignature = encodeBase64(alice.sign(pae(envelopeType, envelopePayload)));

export function roleOfKeys(signers: readonly Signer[], threshold: number): RoleKeys {
  const keys = signers.map(({ publicKey }) => [keyIdOf(publicKey), publicKey] as const);
  return { keys: new Map(keys), threshold };
}

export function openAs(bytes: Uint8Array, role = roleOfKeys([alice], 1)): string {
  return refusal(() => openEnvelope(bytes, envelopeType, role, verifySignatureNative));
}

export function editedEnvelope(change: (json: Record<string, unknown>) => object): Uint8Array {
  const json = JSON.parse(Buffer.from(honestEnvelope).toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify(change(json)));
}

export function withSignature(sig: string): Uint8Array {
  const signature = { keyid: keyIdOf(alice.publicKey), sig };
  return editedEnvelope((json) => ({ ...json, signatures: [signature] }));
}
