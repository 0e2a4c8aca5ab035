import { type DeviceClass, DeviceId, type Sha256 } from "@modelfleet/protocol";

const CLASS_CHARACTERS_MAX = 46;

/**
 * The name of a device that asked for none: its class and the beginning of its key's digest, so the same key always
 * gets the same name.
 *
 * @param digits hex digits of the digest, 8 … 16; more when the shorter name is taken by another key
 */
export function deviceIdFor(deviceClass: DeviceClass, key: Sha256, digits: number): DeviceId {
  const prefix = deviceClass.replaceAll(".", "-").slice(0, CLASS_CHARACTERS_MAX);
  return DeviceId.parse(`${prefix}-${key.slice(0, digits)}`);
}
