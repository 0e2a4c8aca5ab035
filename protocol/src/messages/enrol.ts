import * as z from "zod";
import { Counter, DeviceClass, DeviceId, FleetId, Timestamp } from "../units.ts";

/** What a new device signs with its own fresh key (trust.md 7). The claim's secret is never sent. */
export const EnrolMessage = z.object({
  type: z.literal("enrol"),
  spec: z.literal(1),
  claimId: z.string().regex(/^[a-z0-9]{8,32}$/),
  /** The device's raw Ed25519 public key, base64 of 32 bytes. */
  publicKey: z.base64().length(44),
  class: DeviceClass,
  /** The name the device would like; the controller makes one when it is absent. */
  device: DeviceId.optional(),
  nonce: z.base64().length(24),
});
export type EnrolMessage = z.infer<typeof EnrolMessage>;

/** `POST /v1/enrol`: the envelope and HMAC-SHA-256(claim secret, envelope's payload bytes), base64. */
export const EnrolRequest = z.object({
  envelope: z.base64().max(16_384),
  mac: z.base64().length(44),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

/** Signed by the online key; carries the device's nonce, so it answers this request and no other. */
export const CredentialMessage = z.object({
  type: z.literal("credential"),
  spec: z.literal(1),
  fleet: FleetId,
  device: DeviceId,
  nonce: z.base64().length(24),
  issuedAt: Timestamp,
  rootVersion: Counter,
  /** 256-bit secret for MQTT (password) and HTTP (Basic), base64url. */
  secret: z.string().min(43).max(64),
  /** Client certificate for MQTT over the device's own key, PEM; of a controller that makes them (protocol.md 7.10). */
  certificate: z.string().max(4_096).optional(),
});
export type CredentialMessage = z.infer<typeof CredentialMessage>;

/** The device is a member: root and credential envelopes, base64. */
export const EnrolResponse = z.object({ root: z.base64(), credential: z.base64() });
export type EnrolResponse = z.infer<typeof EnrolResponse>;

/** The device is known and waits for an operator's approval; nothing here is signed, and nothing depends on it. */
export const EnrolPending = z.object({
  pending: z.object({
    device: DeviceId,
    /** When to ask again, with a fresh nonce. */
    retryAfterMs: z
      .int()
      .min(0)
      .max(24 * 3_600_000),
  }),
});
export type EnrolPending = z.infer<typeof EnrolPending>;

/** Answer of `POST /v1/enrol` that is no refusal. */
export const EnrolAnswer = z.union([EnrolResponse, EnrolPending]);
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;
