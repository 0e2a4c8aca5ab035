import { DeviceFacts } from "@modelfleet/protocol";
import type { FactsSource } from "../../../agent/src/ports/facts-source.ts";
import type { steeredHost } from "./steered-host.ts";

/** Facts of a device whose memory is what a test says, less what the runners of a steered host take. */
export function steeredFacts(host: ReturnType<typeof steeredHost>) {
  const device = {
    memoryAvailableMiB: deviceFacts.memoryAvailableMiB,
    /** Told each time the facts of the device are read, which goes on when it resolves. */
    read: (): Promise<unknown> => Promise.resolve(),
  };
  const facts: FactsSource = {
    read: async () => {
      await device.read();
      const taken = host.models.filter((model) => !model.stopped()).length * host.taking.modelMiB;
      return { ...deviceFacts, memoryAvailableMiB: device.memoryAvailableMiB - taken };
    },
    proved: () => undefined,
  };
  return { device, facts };
}

const deviceFacts = DeviceFacts.parse({
  ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
  libc: { family: "glibc", version: "2.36" },
  ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
  runtimes: [
    { id: "onnxruntime-node", version: "1.23.2", providers: ["cpu"], opsetMax: 23, irMax: 11 },
  ],
  ...{ agentVersion: "0.1.0", protocol: 1 },
});
