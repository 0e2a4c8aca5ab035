import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  busLimits,
  claimLimits,
  controllerStateTopic,
  type DeviceId,
  deviceTopics,
  documentLimits,
  type EnrolClientId,
  enrolTopics,
  type PayloadType,
  payloadTypes,
  type RequestOperation,
  type UpStream,
} from "@modelfleet/protocol";

/** One topic as a reader needs to know it. */
interface Channel {
  readonly address: string;
  /** Seen from the controller, whose document this is. */
  readonly action: "send" | "receive";
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly summary: string;
  readonly contentType: string;
  readonly bytesMax: number;
  readonly payload: object;
}

/** AsyncAPI 3.0 of every topic (protocol.md 2), from the same functions the programs use. */
export function asyncApi(root: string) {
  const channels = channelsOf(root);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "ModelFleet device protocol",
      version: "1",
      description:
        "What a controller and its devices say to each other over MQTT 3.1.1. The rules are in docs/protocol.md.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    defaultContentType: "application/json",
    channels: mapValues(channels, channelOf),
    operations: mapValues(channels, operationOf),
  };
}

// A placeholder in the place of the only part of a topic that differs from device to device.
const topics = deviceTopics("{device}" as DeviceId);
const enrolling = enrolTopics("{client}" as EnrolClientId);

function channelsOf(root: string): Readonly<Record<string, Channel>> {
  return { ...streams(root), ...requests(), ...downward(), ...enrolment() };
}

function streams(root: string): Readonly<Record<UpStream, Channel>> {
  return {
    online: up("online", {
      retain: true,
      summary: "Presence of a device; also its will.",
      bytesMax: busLimits.retainedBytesMax,
      payload: jsonSchema("online-message"),
    }),
    hello: up("hello", {
      summary: "Everything about a device, signed by it; replaces what was known.",
      bytesMax: documentLimits.envelopeBytesMax,
      payload: envelopeOf(payloadTypes.hello, "hello-message"),
    }),
    report: up("report", {
      summary: "Steps of deployments and the state of the slots, signed by the device.",
      bytesMax: documentLimits.envelopeBytesMax,
      payload: envelopeOf(payloadTypes.report, "report-message"),
    }),
    tele: up("tele", {
      summary:
        "64 bytes of Ed25519 signature by the device, then a TelemetryBatch (protocol.md 6.1).",
      contentType: payloadTypes.telemetry,
      bytesMax: busLimits.telemetryBytesMax,
      payload: {
        schemaFormat: "application/vnd.google.protobuf;version=3",
        schema: readFileSync(join(root, "protocol/src/telemetry/telemetry.proto"), "utf8"),
      },
    }),
  };
}

function requests(): Readonly<Record<RequestOperation, Channel>> {
  return {
    "get-desired": {
      ...receivedOn(topics.request("get-desired")),
      summary: "A device asks for its desired document; the payload has no meaning.",
      payload: {},
    },
  };
}

function downward(): Readonly<Record<"desired" | "ack" | "controllerState", Channel>> {
  return {
    desired: {
      ...sentOn(topics.desired, 1),
      summary: "Everything one device should run, signed by the online key.",
      bytesMax: busLimits.desiredBytesMax,
      payload: envelopeOf(payloadTypes.desired, "desired-document"),
    },
    ack: {
      ...sentOn(topics.ack, 0),
      summary: "Everything of a stream up to (boot, seq) is committed.",
      payload: jsonSchema("ack-message"),
    },
    controllerState: {
      ...sentOn(controllerStateTopic, 1),
      retain: true,
      summary: "Presence of the controller; also its will.",
      payload: jsonSchema("controller-state-message"),
    },
  };
}

function enrolment(): Readonly<Record<"enrolRequest" | "enrolAnswer", Channel>> {
  const answers = ["enrol-response", "enrol-pending", "problem"];
  return {
    enrolRequest: {
      ...receivedOn(enrolling.request),
      summary: "A device without a credential asks for one; once a connection.",
      bytesMax: claimLimits.requestBytesMax,
      payload: jsonSchema("enrol-request"),
    },
    enrolAnswer: {
      ...sentOn(enrolling.answer, 1),
      summary: "Root and credential, or that an operator has to approve, or why not.",
      payload: { oneOf: answers.map(jsonSchema) },
    },
  };
}

function up(stream: UpStream, channel: Pick<Channel, "summary" | "payload"> & Partial<Channel>) {
  return { ...receivedOn(topics.up(stream)), ...channel };
}

function receivedOn(address: string) {
  return { address, action: "receive", qos: 1, ...plain } as const;
}

function sentOn(address: string, qos: 0 | 1) {
  return { address, action: "send", qos, ...plain } as const;
}

const plain = {
  retain: false,
  contentType: "application/json",
  bytesMax: busLimits.packetBytesMax,
} as const;

function jsonSchema(name: string) {
  return { $ref: `./${name}.json` };
}

/** DSSE: the schema is that of the bytes inside `payload`, which are what was signed (protocol.md 1.1). */
function envelopeOf(payloadType: PayloadType, name: string) {
  const text = (keyword: object) => ({ type: "string", ...keyword });
  const base64 = text({ contentEncoding: "base64" });
  return {
    schemaFormat: "application/schema+json;version=draft-2020-12",
    schema: {
      type: "object",
      required: ["payloadType", "payload", "signatures"],
      properties: {
        payloadType: { const: payloadType },
        payload: { ...base64, contentMediaType: payloadType, contentSchema: jsonSchema(name) },
        signatures: {
          type: "array",
          minItems: 1,
          maxItems: documentLimits.signaturesMax,
          items: {
            type: "object",
            required: ["keyid", "sig"],
            properties: { keyid: text({}), sig: base64 },
          },
        },
      },
    },
  };
}

function channelOf({ address, summary, contentType, bytesMax, payload }: Channel) {
  const description = `At most ${bytesMax} bytes.`;
  return {
    address,
    ...parametersOf(address),
    messages: { message: { summary, description, contentType, payload } },
  };
}

function parametersOf(address: string) {
  const descriptions = {
    device: "Id of the device.",
    client: "Client id of the device that enrols (protocol.md 2.8).",
  };
  const named = Object.entries(descriptions).filter(([name]) => address.includes(`{${name}}`));
  const parameters = named.map(([name, description]) => [name, { description }] as const);
  return parameters.length === 0 ? {} : { parameters: Object.fromEntries(parameters) };
}

function operationOf({ action, summary, qos, retain }: Channel, name: string) {
  return {
    action,
    channel: { $ref: `#/channels/${name}` },
    summary,
    bindings: { mqtt: { qos, retain, bindingVersion: "0.2.0" } },
  };
}

function mapValues<In, Out>(
  record: Readonly<Record<string, In>>,
  change: (value: In, key: string) => Out,
): Readonly<Record<string, Out>> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, change(value, key)]),
  );
}
