import {
  claimMac,
  DeviceId,
  type EnrolRequest,
  encodeBase64,
  encodeBatch,
  encodeSignedBatch,
  formatTimestamp,
  HelloMessage,
  mainSlot,
  openCredential,
  parseEnrolment,
  ReportMessage,
  type Signer,
  signDeviceMessage,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { fixtureTimes, fleetRoot, seedSigner } from "../trust-fixtures.ts";

/** Facts of an ordinary gateway that every release of the tests fits. */
export const gatewayFacts: HelloMessage["facts"] = {
  class: "cam-v2",
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

/** A device with a key of its own, as far as the controller can see one. */
export class SimulatedDevice {
  readonly id: DeviceId;
  readonly signer: Signer;

  constructor(id: string, signer: Signer = seedSigner(`device ${id}`)) {
    this.id = DeviceId.parse(id);
    this.signer = signer;
  }

  /** What it sends with this enrolment string. */
  enrolRequest(enrolment: string, changes: EnrolChanges = {}): EnrolRequest {
    const { claimId, claimSecret } = parseEnrolment(enrolment);
    const { secret = claimSecret, ...message } = changes;
    const envelope = signDeviceMessage(this.signer, "enrol", {
      type: "enrol",
      spec: 1,
      claimId,
      publicKey: encodeBase64(this.signer.publicKey),
      class: "cam-v2",
      device: this.id,
      nonce: nonceOf(1),
      ...message,
    });
    const payload = payloadOf(envelope);
    return {
      envelope: encodeBase64(envelope),
      mac: encodeBase64(claimMac(secret, payload)),
    };
  }

  /** The secret of an answer, after the device's own checks. */
  secretOf(credential: string, nonce = nonceOf(1)): string {
    return openCredential(fleetRoot(), Buffer.from(credential, "base64"), nonce).secret;
  }

  hello(changes: object = {}): Uint8Array {
    return signDeviceMessage(
      this.signer,
      "hello",
      HelloMessage.parse({
        type: "hello",
        spec: 1,
        device: this.id,
        boot: 1,
        nonce: nonceOf(7),
        agentVersion: "0.1.0",
        issuedAt: formatTimestamp(fixtureTimes.nowMs),
        clock: "synced",
        rootVersion: 1,
        desiredSeq: 0,
        facts: gatewayFacts,
        slots: [],
        ...changes,
      }),
    );
  }

  report(changes: object = {}): Uint8Array {
    return signDeviceMessage(
      this.signer,
      "report",
      ReportMessage.parse({
        type: "report",
        spec: 1,
        device: this.id,
        boot: 1,
        seq: 0,
        issuedAt: formatTimestamp(fixtureTimes.nowMs),
        clock: "synced",
        desiredSeq: 0,
        items: [],
        slots: [],
        dropped: 0,
        ...changes,
      }),
    );
  }

  telemetry(windows: readonly TelemetryWindow[], place = { boot: 1, seq: 0 }): Uint8Array {
    const batch = encodeBatch({ device: this.id, ...place, dropped: 0, windows, feedback: [] });
    return encodeSignedBatch(this.signer, batch);
  }

  slot(changes: object = {}): object {
    return { slot: mainSlot, active: null, previous: null, trial: null, refused: [], ...changes };
  }
}

export interface EnrolChanges {
  readonly secret?: string;
  readonly class?: string;
  readonly device?: DeviceId | undefined;
  readonly nonce?: string;
  readonly claimId?: string;
}

/** 16 bytes of this value, base64. */
export function nonceOf(value: number): string {
  return encodeBase64(new Uint8Array(16).fill(value));
}

function payloadOf(envelope: Uint8Array): Uint8Array {
  const { payload } = JSON.parse(new TextDecoder().decode(envelope)) as { payload: string };
  return Buffer.from(payload, "base64");
}
