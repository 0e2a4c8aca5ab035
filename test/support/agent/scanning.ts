import { DeviceFacts } from "@modelfleet/protocol";
import { scannedHost } from "../../../agent/src/adapters/model-scan/scanned-host.ts";
import { judgeOpset } from "../../../agent/src/domain/install/judge-opset.ts";
import type { RunnerHost } from "../../../agent/src/ports/runner-host.ts";
import { realClock } from "./runner-fixture.ts";

const deviceFacts = DeviceFacts.parse({
  ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
  libc: { family: "glibc", version: "2.36" },
  ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
  runtimes: [
    { id: "onnxruntime-node", version: "1.30.0", providers: ["cpu"], opsetMax: 0, irMax: 0 },
  ],
  ...{ agentVersion: "0.1.0", protocol: 1 },
});

/** As the agent does: every model file is looked into before this host is given it. */
export function scanning(host: RunnerHost): RunnerHost {
  const facts = { read: () => Promise.resolve(deviceFacts) };
  return scannedHost({ host, facts, judge: judgeOpset, clock: realClock });
}
