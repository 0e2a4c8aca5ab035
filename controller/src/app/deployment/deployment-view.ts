import type { Deployment, DeploymentDevice, DeviceId } from "@modelfleet/protocol";
import { executionState } from "../../domain/deployment/execution-state.ts";
import type { ExecutionRecord, StoredDeployment } from "../../ports/deployment-store.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";

/** A deployment with the state of each device, told from its signed reports. */
export function deploymentView(
  deployment: StoredDeployment,
  devices: ReadonlyMap<DeviceId, DeviceRecord>,
): Deployment {
  const { id, release, model, version, slot, target, deferMsMax, createdAtMs, approval } =
    deployment;
  return {
    id,
    release,
    model,
    version,
    slot,
    target,
    ...(deferMsMax === undefined ? {} : { deferMsMax }),
    createdAtMs,
    approval,
    devices: deployment.devices.map((execution) =>
      deviceView(deployment, execution, devices.get(execution.device)),
    ),
  };
}

function deviceView(
  { release, slot }: StoredDeployment,
  execution: ExecutionRecord,
  device: DeviceRecord | undefined,
): DeploymentDevice {
  const { seq, step, code, detail, reasons } = execution;
  const state = executionState({
    release,
    ineligible: reasons.length > 0,
    seq,
    step,
    code,
    detail,
    wanted: device?.desired.slots.find((entry) => entry.slot === slot)?.release ?? null,
    reportedSeq: device?.reportedSeq ?? 0,
    slot: device?.slots.find((entry) => entry.slot === slot),
  });
  return { device: execution.device, seq, step, ...state, reasons: [...reasons] };
}
