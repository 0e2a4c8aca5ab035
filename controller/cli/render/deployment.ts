import type { Deployment } from "@modelfleet/protocol";
import { table } from "./table.ts";

/** What a deployment waits for, or how far each of its devices is. */
export function renderDeployment({ id, approval, devices }: Deployment): string {
  if (approval.state === "awaiting-approval") {
    return `${id} waits for somebody else than ${approval.requestedBy}: modelfleet deploy approve ${id}`;
  }
  const rows = devices.map((device) => [
    device.device,
    device.status,
    device.step ?? "",
    [
      ...device.reasons.map((reason) => `${reason.code} need ${reason.need} have ${reason.have}`),
      ...[device.code, device.detail].filter((part) => part !== null),
    ].join(": "),
  ]);
  return table(["device", "status", "step", "reason"], rows);
}
