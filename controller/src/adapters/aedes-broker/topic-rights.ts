import {
  type BusClientId,
  busLimits,
  DeviceId,
  type EnrolClientId,
  enrolUserName,
  isEnrolClientId,
  mayPublish,
  maySubscribe,
} from "@modelfleet/protocol";

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
  | { readonly kind: "device"; readonly device: DeviceId }
  | { readonly kind: "enrolling"; readonly client: EnrolClientId }
  | { readonly kind: "refused"; readonly returnCode: 2 | 4 | 5; readonly reason: string };

/**
 * Whether a CONNECT names one device throughout: client id, user name, and a will of its own (protocol.md 2.2, 2.3); or
 * is of a device that enrols (protocol.md 2.8).
 */
export function judgeConnect(claims: ConnectClaims): ConnectVerdict {
  const client = clientOf(claims.clientId);
  if (client === undefined) return refused(connackCodes.identifierRejected, "CLIENT_ID");
  const isEnrolling = isEnrolClientId(client);
  const expected = isEnrolling ? enrolUserName : client;
  if (claims.username !== expected) return refused(connackCodes.badLogin, "USER_NAME");
  const { will } = claims;
  // protocol.md 2.8: whoever enrols has no will; it would be a second question.
  const mayWill = (topic: string, retain: boolean) =>
    !isEnrolling && mayPublish(client, topic, retain);
  if (will !== undefined && !mayWill(will.topic, will.retain ?? false)) {
    return refused(connackCodes.notAllowed, "WILL_TOPIC");
  }
  return isEnrolling ? { kind: "enrolling", client } : { kind: "device", device: client };
}

/** @returns why not; undefined when the client may publish this */
export function publishRefusal(
  id: string,
  packet: { readonly topic: string; readonly retain: boolean; readonly payload: string | Buffer },
): string | undefined {
  const client = clientOf(id);
  if (client === undefined) return "CLIENT_ID";
  if (!mayPublish(client, packet.topic, packet.retain)) return "PUBLISH_TOPIC";
  // The broker keeps one retained message a device in memory, so it is a small one.
  if (packet.retain && packet.payload.length > busLimits.retainedBytesMax) return "RETAINED_SIZE";
  return undefined;
}

export function isSubscribable(id: string, filter: string): boolean {
  const client = clientOf(id);
  return client !== undefined && maySubscribe(client, filter);
}

function clientOf(id: string): BusClientId | undefined {
  return isEnrolClientId(id) ? id : DeviceId.safeParse(id).data;
}

function refused(returnCode: 2 | 4 | 5, reason: string): ConnectVerdict {
  return { kind: "refused", returnCode, reason };
}
