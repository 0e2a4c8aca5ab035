import {
  claimMac,
  DeviceId,
  decodeEnvelope,
  type EnrolAnswer,
  EnrolMessage,
  type EnrolRequest,
  encodeBase64,
  type HelloMessage,
  openCredential,
  openPinnedRoot,
  parseEnrolment,
  type Signer,
  signDeviceMessage,
  type VerifiedRoot,
  VerifyError,
  verifySignatureNative,
} from "@modelfleet/protocol";

export const SIMULATED_CLASS = "simulated";

/** Facts of an ordinary gateway. */
export const simulatedFacts: HelloMessage["facts"] = {
  class: SIMULATED_CLASS,
  target: "linux-x64-glibc",
  os: "linux",
  arch: "x64",
  libc: { family: "glibc", version: "2.36" },
  node: "24.21.0",
  cpuCores: 4,
  memoryMiB: 8_192,
  memoryAvailableMiB: 6_000,
  diskFreeMiB: 50_000,
  runtimes: [
    { id: "onnxruntime-node", version: "1.30.0", providers: ["cpu"], opsetMax: 26, irMax: 13 },
  ],
  agentVersion: "0.1.0",
  protocol: 1,
};

/** Who a device is, and whom it believes. */
export interface DeviceIdentity {
  readonly id: DeviceId;
  readonly signer: Signer;
  readonly root: VerifiedRoot;
  /** Its password at the broker. */
  readonly secret: string;
}

export interface EnrolmentWish {
  readonly id: string;
  readonly signer: Signer;
  /** `mf1:…` */
  readonly enrolment: string;
  /** 16 bytes, base64. */
  readonly nonce: string;
}

/**
 * Enrols as an agent does (protocol.md 7): a signed question under the MAC of the claim, and of the answer the pinned
 * root and the credential verified.
 *
 * @throws VerifyError when the answer does not hold
 */
export async function enrolIdentity(
  { id, signer, enrolment, nonce }: EnrolmentWish,
  ask: (request: EnrolRequest) => Promise<EnrolAnswer>,
): Promise<DeviceIdentity> {
  const { claimId, claimSecret, rootSha256 } = parseEnrolment(enrolment);
  const device = DeviceId.parse(id);
  const message = EnrolMessage.parse({
    ...{ type: "enrol", spec: 1, claimId, publicKey: encodeBase64(signer.publicKey) },
    ...{ class: SIMULATED_CLASS, device, nonce },
  });
  const envelope = signDeviceMessage(signer, "enrol", message);
  const mac = claimMac(claimSecret, decodeEnvelope(envelope).payload);
  const answer = await ask({ envelope: encodeBase64(envelope), mac: encodeBase64(mac) });
  if ("pending" in answer) throw new RangeError("expected a claim that needs no approval");
  const root = openPinnedRoot(
    Buffer.from(answer.root, "base64"),
    rootSha256,
    verifySignatureNative,
  );
  const bytes = Buffer.from(answer.credential, "base64");
  const credential = openCredential(root, bytes, nonce, verifySignatureNative);
  if (credential.device !== device) {
    throw new VerifyError("DEVICE", `expected the credential of ${device}`);
  }
  return { id: device, signer, root, secret: credential.secret };
}
