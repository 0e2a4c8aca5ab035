import {
  checkEnvelope,
  type DeviceId,
  decodeEnvelope,
  encodePayload,
  payloadTypes,
  roleOf,
  signEnvelopeWith,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { assembleDesired, nextDesiredSeq } from "../../domain/fleet/assemble-desired.ts";
import { desiredModels } from "../../domain/fleet/desired-models.ts";
import type { Calendar } from "../../ports/calendar.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DesiredEntry, DesiredReplacement } from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";
import { refuseExpiredRoot } from "../root/refuse-expired-root.ts";

export interface DesiredWish {
  readonly device: DeviceId;
  readonly storedSeq: number;
  readonly reportedSeq: number;
  readonly slots: readonly DesiredEntry[];
  readonly nonce?: string;
}

export interface SignDesiredPorts {
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly keys: Keys;
}

/**
 * A signed document with the next sequence, and the next spans of the windows it has to wait for. It means nothing until
 * it is stored under the expected one.
 *
 * @throws RootError ROOT_EXPIRED
 */
export async function signDesired(
  ports: SignDesiredPorts,
  wish: DesiredWish,
): Promise<DesiredReplacement> {
  const root = ports.keys.root();
  const nowMs = ports.clock.nowMs();
  refuseExpiredRoot(root, nowMs);
  const seq = nextDesiredSeq(wish.storedSeq, wish.reportedSeq);
  const document = assembleDesired({
    fleet: root.document.fleet,
    device: wish.device,
    seq,
    rootVersion: root.document.version,
    nowMs,
    ...(wish.nonce === undefined ? {} : { nonce: wish.nonce }),
    models: desiredModels(wish.slots, { calendar: ports.calendar, nowMs }),
  });
  const envelope = await signEnvelopeWith(payloadTypes.desired, encodePayload(document), [
    ports.keys.online(),
  ]);
  // trust.md 2: a fresh signature is verified before anybody sees it. By the fast implementation: there are thousands.
  checkEnvelope(decodeEnvelope(envelope), payloadTypes.desired, {
    role: roleOf(root, "online"),
    verify: verifySignatureNative,
  });
  return { expectedSeq: wish.storedSeq, seq, envelope, issuedAtMs: nowMs };
}
