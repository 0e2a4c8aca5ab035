import {
  type DeviceId,
  driftPipelineLimits,
  type Labels,
  type ModelName,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";

/** @param model undefined: any */
export type IsSeen = (model: ModelName | undefined, device: DeviceId) => boolean;

/** Whose telemetry the caller may read. Labels are looked up for a caller whom they confine, and for nobody else. */
export async function seenDevices(
  fleet: Pick<FleetStore, "devicesFrom">,
  caller: Principal,
): Promise<IsSeen> {
  const isConfined = caller.grants.some(({ labels }) => Object.keys(labels).length > 0);
  const labelsOf = isConfined ? await allLabels(fleet) : new Map<DeviceId, Labels>();
  return (model, device) =>
    permits(caller, {
      ...(model === undefined ? {} : { model }),
      ...{ action: "telemetry.read", labels: labelsOf.get(device) ?? {} },
    });
}

async function allLabels(
  fleet: Pick<FleetStore, "devicesFrom">,
): Promise<ReadonlyMap<DeviceId, Labels>> {
  const { devicesPerPageMax } = driftPipelineLimits;
  const labelsOf = new Map<DeviceId, Labels>();
  for (let after: DeviceId | null = null; ; ) {
    const page = await fleet.devicesFrom(after, devicesPerPageMax);
    for (const { id, labels } of page) labelsOf.set(id, labels);
    const last = page.at(-1);
    if (last === undefined || page.length < devicesPerPageMax) return labelsOf;
    after = last.id;
  }
}
