import { DeviceId } from "@modelfleet/protocol";
import type { BrokerPlan } from "../../../../../controller/src/domain/broker/broker-plan.ts";

export function brokerPlan(): BrokerPlan {
  return {
    folder: "/etc/broker",
    certificateFile: "/etc/broker/server.pem",
    keyFile: "/etc/broker/server.key",
    host: undefined,
    port: 8883,
    enrolPort: 8884,
    authority: "the authority\n",
    revocationList: "the list\n",
    revokedDevices: [DeviceId.parse("gone-1")],
  };
}
