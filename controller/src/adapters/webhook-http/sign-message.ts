import { createHmac } from "node:crypto";
import type { SignedMessage } from "../../ports/event-sender.ts";

const SECRET_PREFIX = "whsec_";

/**
 * The headers by which a receiver knows that the body is ours, of now, and which event it is (Standard Webhooks 1.0).
 * Signed are id, time and body together: none of them can be put to another.
 */
export function signMessage({ id, secret, body, sentAtMs }: SignedMessage) {
  const seconds = String(Math.floor(sentAtMs / 1_000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${mac}`,
  } as const;
}
