import {
  type CredentialMessage,
  claimLimits,
  claimMac,
  type DeviceId,
  decodeBase64,
  decodeEnvelope,
  type Enrolment,
  type EnrolRequest,
  type EnrolResponse,
  ed25519Signer,
  type Fingerprint,
  fingerprintOf,
  keyIdOf,
  openCredential,
  openPinnedRoot,
  type Signer,
  signDeviceMessage,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { backoffMs } from "../domain/backoff.ts";
import { EnrolError } from "../domain/enrol-error.ts";
import type { EnrolmentRecord } from "../domain/enrolment-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { EnrolmentService } from "../ports/enrolment-service.ts";
import type { IdentityStore } from "../ports/identity-store.ts";

export interface EnrolParts {
  readonly identity: IdentityStore;
  readonly service: EnrolmentService;
  readonly clock: Clock;
  /** Told once when an operator has to approve this device's key. */
  readonly waits?: (approval: ApprovalWait) => void;
}

/** What an operator needs to approve a device: its name, and its key's fingerprint as this device knows it. */
export interface ApprovalWait {
  readonly device: DeviceId;
  readonly fingerprint: Fingerprint;
}

export interface EnrolWish {
  readonly enrolment: Enrolment;
  readonly class: string;
  readonly device: DeviceId | undefined;
}

/**
 * Makes this device a member of a fleet (trust.md 7). Its key is on disk before anything is asked, so an attempt that
 * broke off is repeated with the same key; nothing else is written until root and credential are believed.
 *
 * @throws EnrolError · VerifyError · StoreError
 */
export async function enrol(parts: EnrolParts, wish: EnrolWish): Promise<EnrolmentRecord> {
  const { identity, clock } = parts;
  const before = await identity.enrolment();
  if (before !== undefined) {
    const { device } = before.record;
    const way = "start it, or enrol into another --data folder";
    throw new EnrolError("ALREADY_ENROLLED", `this folder belongs to device ${device}; ${way}`);
  }
  const seed = await identity.deviceSeed(() => clock.randomBytes(32));
  const { answer, nonce } = await askUntilGranted(parts, wish, ed25519Signer(seed));
  const root = believeRoot(wish.enrolment, answer);
  const credential = believeCredential(root, answer, nonce);
  const record = recordOf(wish, root, credential);
  await identity.keepEnrolment({ record, anchor: root.bytes });
  return record;
}

/** protocol.md 7.8: asks again, with growing pauses, while an operator has to approve; not for ever. */
async function askUntilGranted(
  parts: EnrolParts,
  wish: EnrolWish,
  signer: Signer,
): Promise<{ readonly answer: EnrolResponse; readonly nonce: string }> {
  const { service, clock, waits } = parts;
  const beganMs = clock.monotonicMs();
  for (let asked = 0; ; asked += 1) {
    const nonce = base64(clock.randomBytes(16));
    const answer = await service.ask(wish.enrolment, requestOf(wish, signer, nonce));
    if (!("pending" in answer)) return { answer, nonce };
    const { device } = answer.pending;
    if (asked === 0) waits?.({ device, fingerprint: fingerprintOf(keyIdOf(signer.publicKey)) });
    if (clock.monotonicMs() - beganMs >= claimLimits.approvalWaitMsMax) throw notApproved(device);
    await clock.sleep(
      backoffMs(approvalPause, asked, clock.chance()),
      new AbortController().signal,
    );
  }
}

const approvalPause = {
  delayMsMin: claimLimits.approvalPollMsMin,
  delayMsMax: claimLimits.approvalPollMsMax,
};

function notApproved(device: DeviceId): EnrolError {
  return new EnrolError(
    "NOT_APPROVED",
    `expected an operator to approve ${device}, nobody did; run this command again to go on waiting`,
  );
}

function requestOf(wish: EnrolWish, signer: Signer, nonce: string): EnrolRequest {
  const envelope = askingEnvelope(wish, signer, nonce);
  const mac = claimMac(wish.enrolment.claimSecret, decodeEnvelope(envelope).payload);
  return { envelope: base64(envelope), mac: base64(mac) };
}

function askingEnvelope(wish: EnrolWish, signer: Signer, nonce: string): Uint8Array {
  return signDeviceMessage(signer, "enrol", {
    type: "enrol",
    spec: 1,
    claimId: wish.enrolment.claimId,
    publicKey: base64(signer.publicKey),
    class: wish.class,
    nonce,
    ...(wish.device === undefined ? {} : { device: wish.device }),
  });
}

/** No trust on first use: only the root whose digest the enrolment string names. */
function believeRoot({ rootSha256, fleet }: Enrolment, answer: EnrolResponse): VerifiedRoot {
  const bytes = decodeBase64(answer.root);
  if (bytes === undefined) throw new EnrolError("ROOT_MISMATCH", "expected a root in base64");
  let root: VerifiedRoot;
  try {
    root = openPinnedRoot(bytes, rootSha256);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    const way = "is the enrolment string from this controller?";
    throw new EnrolError(
      "ROOT_MISMATCH",
      `the controller's root is not the pinned one: ${cause.message}; ${way}`,
      { cause },
    );
  }
  if (root.document.fleet === fleet) return root;
  const came = root.document.fleet;
  throw new EnrolError("ROOT_MISMATCH", `expected the root of fleet ${fleet}, got fleet ${came}`);
}

function believeCredential(
  root: VerifiedRoot,
  answer: EnrolResponse,
  nonce: string,
): CredentialMessage {
  const bytes = decodeBase64(answer.credential);
  if (bytes === undefined) throw new EnrolError("CREDENTIAL", "expected a credential in base64");
  try {
    return openCredential(root, bytes, nonce);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    const message = `the controller's credential is not to be trusted: ${cause.message}`;
    throw new EnrolError("CREDENTIAL", message, { cause });
  }
}

function recordOf(
  wish: EnrolWish,
  root: VerifiedRoot,
  { fleet, device, secret, certificate }: CredentialMessage,
): EnrolmentRecord {
  const { controllerUrl, brokerUrl } = wish.enrolment;
  const rootSha256 = root.sha256;
  const record = { fleet, device, secret, class: wish.class, controllerUrl, brokerUrl, rootSha256 };
  return certificate === undefined ? record : { ...record, certificate };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
