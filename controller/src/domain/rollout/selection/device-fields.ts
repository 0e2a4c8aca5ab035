import {
  type DeviceClass,
  type DeviceFacts,
  type DeviceId,
  Labels,
  SlotName,
  type SlotReport,
} from "@modelfleet/protocol";
import type { SelectorFields, SelectorSubject, SelectorValue } from "./selector.ts";

/** What a selector can ask of a device; a `DeviceRecord` is one. */
export interface SelectableDevice {
  readonly id: DeviceId;
  readonly class: DeviceClass;
  readonly labels: Labels;
  readonly online: boolean;
  readonly agentVersion: string | null;
  readonly facts: DeviceFacts | null;
  readonly slots: readonly SlotReport[];
}

type Read = (device: SelectableDevice) => SelectorValue | undefined;

/** Names that are taken; a label of such a name is asked for as `label.<key>`. */
const ownFields: Readonly<
  Record<string, { readonly kind: "text" | "number" | "boolean"; readonly read: Read }>
> = {
  id: { kind: "text", read: ({ id }) => id },
  class: { kind: "text", read: (device) => device.class },
  online: { kind: "boolean", read: ({ online }) => online },
  agent: { kind: "text", read: ({ agentVersion }) => agentVersion ?? undefined },
  target: { kind: "text", read: ({ facts }) => facts?.target },
  os: { kind: "text", read: ({ facts }) => facts?.os },
  arch: { kind: "text", read: ({ facts }) => facts?.arch },
  memoryMiB: { kind: "number", read: ({ facts }) => facts?.memoryMiB },
  cpuCores: { kind: "number", read: ({ facts }) => facts?.cpuCores },
};

/** Of what a slot serves: `model.main`, `version.main`, `release.main`. */
const slotFields = ["model", "version", "release"] as const;

/** What may be asked of devices. Any other name that could be a label's key is a label. */
export const deviceFields: SelectorFields = {
  names: `${Object.keys(ownFields).join(", ")}, model.<slot>, version.<slot>, release.<slot>, or the key of a label`,
  kindOf: (field) => {
    if (Object.hasOwn(ownFields, field)) return ownFields[field]?.kind;
    const slotField = slotFieldOf(field);
    if (slotField !== undefined)
      return SlotName.safeParse(slotField.slot).success ? "text" : undefined;
    return Labels.keyType.safeParse(labelKey(field)).success ? "text" : undefined;
  },
};

/** A device as a selector sees it. */
export function deviceSubject(device: SelectableDevice): SelectorSubject {
  return (field) => {
    if (Object.hasOwn(ownFields, field)) return ownFields[field]?.read(device);
    const slotField = slotFieldOf(field);
    if (slotField === undefined) return ownValue(device.labels, labelKey(field));
    return device.slots.find(({ slot }) => slot === slotField.slot)?.active?.[slotField.name];
  };
}

function slotFieldOf(field: string) {
  const [first, ...rest] = field.split(".");
  const name = slotFields.find((one) => one === first);
  return name === undefined || rest.length === 0 ? undefined : { name, slot: rest.join(".") };
}

function labelKey(field: string): string {
  return field.startsWith("label.") ? field.slice("label.".length) : field;
}

function ownValue(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
