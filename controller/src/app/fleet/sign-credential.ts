import {
  type CredentialMessage,
  type EnrolResponse,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  openEnvelope,
  payloadTypes,
  roleOf,
  signEnvelopeWith,
} from "@modelfleet/protocol";
import type { Clock } from "../../ports/clock.ts";
import type { Keys } from "../../ports/keys.ts";

/** What a new device gets: the root to trust, and its secret, signed for this very question. */
export async function signCredential(
  { keys, clock }: { readonly keys: Keys; readonly clock: Clock },
  grant: Pick<CredentialMessage, "device" | "secret" | "nonce" | "certificate">,
): Promise<EnrolResponse> {
  const root = keys.root();
  const message: CredentialMessage = {
    type: "credential",
    spec: 1,
    fleet: root.document.fleet,
    ...grant,
    issuedAt: formatTimestamp(clock.nowMs()),
    rootVersion: root.document.version,
  };
  const envelope = await signEnvelopeWith(payloadTypes.credential, encodePayload(message), [
    keys.online(),
  ]);
  // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
  openEnvelope(envelope, payloadTypes.credential, roleOf(root, "online"));
  return { root: encodeBase64(root.bytes), credential: encodeBase64(envelope) };
}
