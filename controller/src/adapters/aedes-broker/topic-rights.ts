import { busLimits, DeviceId, mayPublish, maySubscribe } from "@modelfleet/protocol";

export interface ConnectClaims {
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly will?: { readonly topic: string; readonly retain?: boolean } | undefined;
}

/** MQTT 3.1.1 return codes of a CONNACK (table 3.1). */
export const connackCodes = {
  identifierRejected: 2,
  unavailable: 3,
  badLogin: 4,
  notAllowed: 5,
} as const;

export type ConnectVerdict =
  | { readonly kind: "named"; readonly device: DeviceId }
  | { readonly kind: "refused"; readonly returnCode: 2 | 4 | 5; readonly reason: string };

/** Whether a CONNECT names one device throughout: client id, user name, and a will of its own (protocol.md 2.2, 2.3). */
export function judgeConnect(claims: ConnectClaims): ConnectVerdict {
  const device = DeviceId.safeParse(claims.clientId);
  if (!device.success) return refused(connackCodes.identifierRejected, "CLIENT_ID");
  if (claims.username !== claims.clientId) return refused(connackCodes.badLogin, "USER_NAME");
  const { will } = claims;
  if (will !== undefined && !mayPublish(device.data, will.topic, will.retain ?? false)) {
    return refused(connackCodes.notAllowed, "WILL_TOPIC");
  }
  return { kind: "named", device: device.data };
}

/** @returns why not; undefined when the device may publish this */
export function publishRefusal(
  client: string,
  packet: { readonly topic: string; readonly retain: boolean; readonly payload: string | Buffer },
): string | undefined {
  const device = DeviceId.safeParse(client);
  if (!device.success) return "CLIENT_ID";
  if (!mayPublish(device.data, packet.topic, packet.retain)) return "PUBLISH_TOPIC";
  // The broker keeps one retained message a device in memory, so it is a small one.
  if (packet.retain && packet.payload.length > busLimits.retainedBytesMax) return "RETAINED_SIZE";
  return undefined;
}

export function isSubscribable(client: string, filter: string): boolean {
  const device = DeviceId.safeParse(client);
  return device.success && maySubscribe(device.data, filter);
}

function refused(returnCode: 2 | 4 | 5, reason: string): ConnectVerdict {
  return { kind: "refused", returnCode, reason };
}
