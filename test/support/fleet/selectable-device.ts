import { DeviceId, type Labels } from "@modelfleet/protocol";
import type { SplitDevice } from "../../../controller/src/domain/rollout/selection/split-rollout.ts";

type Parts = Partial<Omit<SplitDevice, "id" | "labels">> & { readonly labels?: Labels };

/** A device as a rollout sees it: online, of class `cam`, without a word about its hardware. */
export function selectableDevice(id: string, parts: Parts = {}): SplitDevice {
  return {
    id: DeviceId.parse(id),
    class: "cam",
    labels: {},
    online: true,
    agentVersion: "0.1.0",
    facts: null,
    slots: [],
    isExempt: false,
    ...parts,
  };
}

/** `cam-00000`, `cam-00001`, … */
export function selectableDevices(
  count: number,
  partsOf: (index: number) => Parts = () => ({}),
): readonly SplitDevice[] {
  return Array.from({ length: count }, (_, index) =>
    selectableDevice(`cam-${String(index).padStart(5, "0")}`, partsOf(index)),
  );
}
