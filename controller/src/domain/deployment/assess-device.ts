import {
  type DeviceClass,
  type DeviceFacts,
  decideEligibility,
  declaredFor,
  type EligibilityReason,
  type ReleaseDocument,
  requirementsOf,
  type Sha256,
  type SlotReport,
  type TargetCatalog,
} from "@modelfleet/protocol";

/** What is known of a device when it is chosen; its facts are null before its first hello. */
export interface AssessedDevice {
  readonly class: DeviceClass;
  readonly facts: DeviceFacts | null;
  readonly slots: readonly SlotReport[];
}

/**
 * What stands in the way of giving this release to this device; nothing, when it may be assigned.
 * Of a device that has never said hello only the class is known: it asks the same question again itself.
 */
export function assessDevice(
  catalog: TargetCatalog,
  device: AssessedDevice,
  { release, document }: { readonly release: Sha256; readonly document: ReleaseDocument },
): readonly EligibilityReason[] {
  if (device.facts === null) return classReasons(device.class, document.compat.classes);
  const held = device.slots.some(
    ({ active, previous }) => active?.release === release || previous?.release === release,
  );
  const totalBytes = document.files.reduce((sum, file) => sum + file.size, 0);
  const required = requirementsOf(document, held ? totalBytes : 0);
  return decideEligibility(declaredFor(catalog, device.facts), device.facts, required).reasons;
}

function classReasons(
  deviceClass: DeviceClass,
  classes: readonly string[],
): readonly EligibilityReason[] {
  if (classes.includes("*") || classes.includes(deviceClass)) return [];
  return [{ code: "CLASS", need: classes.join(" or "), have: deviceClass }];
}
