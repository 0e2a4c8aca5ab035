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

/** User name, and password where a broker wants one, of whoever enrols; no device can be called so (protocol.md 2.8). */
export const enrolUserName = "enrol";

/** Client id of a device that has no credential yet: with a dot, so that no device id is one. */
export type EnrolClientId = `enrol.${string}`;

export function isEnrolClientId(text: string): text is EnrolClientId {
  return /^enrol\.[0-9a-f]{32}$/.test(text);
}

/** @param unique 16 bytes nobody else has, as 32 lowercase hex digits */
export function enrolClientId(unique: string): EnrolClientId {
  return `${enrolUserName}.${unique}`;
}

/** Where one enrolling client asks, and where its answer comes. */
export function enrolTopics(client: EnrolClientId) {
  const root = `${PREFIX}/prov/${client}`;
  return { request: `${root}/req`, answer: `${root}/res` } as const;
}

/** What the controller listens to besides: everybody who enrols. */
export const everyEnrolRequest = `${PREFIX}/prov/+/req`;

/** @returns who asks on this topic; undefined when it is no topic to enrol on */
export function parseEnrolTopic(topic: string): EnrolClientId | undefined {
  const client = topic.split("/")[3];
  if (client === undefined || !isEnrolClientId(client)) return undefined;
  return topic === enrolTopics(client).request ? client : undefined;
}

/** Who may be connected to the broker besides the controller. */
export type BusClientId = DeviceId | EnrolClientId;

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
 * Topic rights of a client, by comparing whole levels and never a prefix string (mqtt.md 6).
 * Publish: a device only its own `up` branch, with the retain flag only for presence; whoever enrols only its question.
 */
export function mayPublish(client: BusClientId, topic: string, retain: boolean): boolean {
  if (isEnrolClientId(client)) return !retain && topic === enrolTopics(client).request;
  const meaning = parseUpTopic(topic);
  if (meaning === undefined || meaning.device !== client) return false;
  return !retain || (meaning.kind === "stream" && meaning.stream === "online");
}

/** Subscribe: a device only its own `dn` branch and the controller's presence; whoever enrols only its answer. */
export function maySubscribe(client: BusClientId, filter: string): boolean {
  if (isEnrolClientId(client)) return filter === enrolTopics(client).answer;
  const own = deviceTopics(client);
  return [own.desired, own.ack, own.everythingDown, controllerStateTopic].includes(filter);
}
