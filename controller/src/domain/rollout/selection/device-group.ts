import type { DeviceClass, Labels } from "@modelfleet/protocol";

/** What a device is grouped by; the key `class` is its class. */
export interface GroupedDevice {
  readonly class: DeviceClass;
  readonly labels: Labels;
}

/** The value of the label that a budget groups by; null: it has none. */
export function groupOf(device: GroupedDevice, key: string): string | null {
  if (key === "class") return device.class;
  return Object.hasOwn(device.labels, key) ? (device.labels[key] ?? null) : null;
}

/** Devices with the same text are of one stratum: the same values of all these labels, absence being a value too. */
export function stratumOf(device: GroupedDevice, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => groupOf(device, key)));
}
