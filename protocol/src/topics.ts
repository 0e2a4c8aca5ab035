import { DeviceId } from "./units.ts";

/** The only file with a topic literal. The major version of the protocol is in the prefix (protocol.md 2). */
const PREFIX = "mf/1";

/** Streams a device publishes; each is one topic level below `up`. */
export type UpStream = "online" | "hello" | "report" | "tele";
const UP_STREAMS: readonly string[] = ["online", "hello", "report", "tele"] satisfies UpStream[];

/** Operations a device may ask over MQTT. */
export type RequestOperation = "get-desired";

/** Topics of one device, device → controller and back. */
export function deviceTopics(device: DeviceId) {
  const root = `${PREFIX}/d/${device}`;
  return {
    up: (stream: UpStream) => `${root}/up/${stream}`,
    request: (operation: RequestOperation) => `${root}/up/req/${operation}`,
    desired: `${root}/dn/desired`,
    ack: `${root}/dn/ack`,
    everythingDown: `${root}/dn/#`,
  } as const;
}

/** Presence of the controller: retained, and its will. */
export const controllerStateTopic = `${PREFIX}/ctl/state`;

/** What the controller listens to: everything any device says. */
export const everyDeviceUp = `${PREFIX}/d/+/up/#`;

/** What a device says on a topic: one of its streams, or a question. */
export type UpTopic =
  | { readonly kind: "stream"; readonly device: DeviceId; readonly stream: UpStream }
  | { readonly kind: "request"; readonly device: DeviceId; readonly operation: RequestOperation };

/**
 * Meaning of a topic a device published on.
 *
 * @returns undefined when it is not one of ours (an unknown stream, a malformed device id)
 */
export function parseUpTopic(topic: string): UpTopic | undefined {
  const [, , , id, , stream, operation, ...rest] = topic.split("/");
  const device = DeviceId.safeParse(id);
  if (!topic.startsWith(`${PREFIX}/d/`) || !device.success || rest.length > 0) return undefined;
  if (topic.split("/")[4] !== "up" || stream === undefined) return undefined;
  if (stream === "req" && operation === "get-desired") {
    return { kind: "request", device: device.data, operation };
  }
  if (operation !== undefined || !isUpStream(stream)) return undefined;
  return { kind: "stream", device: device.data, stream };
}

function isUpStream(text: string): text is UpStream {
  return UP_STREAMS.includes(text);
}

/**
 * Topic rights of a device, by comparing whole levels and never a prefix string (mqtt.md 6).
 * Publish: only its own `up` branch. The retain flag is only for presence.
 */
export function mayPublish(device: DeviceId, topic: string, retain: boolean): boolean {
  const meaning = parseUpTopic(topic);
  if (meaning === undefined || meaning.device !== device) return false;
  return !retain || (meaning.kind === "stream" && meaning.stream === "online");
}

/** Subscribe: only its own `dn` branch and the controller's presence. */
export function maySubscribe(device: DeviceId, filter: string): boolean {
  const own = deviceTopics(device);
  return [own.desired, own.ack, own.everythingDown, controllerStateTopic].includes(filter);
}
