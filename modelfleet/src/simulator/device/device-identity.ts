import type { DeviceId, HelloMessage, Signer, VerifiedRoot } from "@modelfleet/protocol";

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
