import { busLimits, type DeviceId, deviceTopics } from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import { BusError } from "../../domain/bus-error.ts";
import { type ClientOpening, openClient } from "./open-client.ts";

export interface BrokerAccess {
  readonly brokerUrl: string;
  /** Client id and user name too (mqtt.md 6). */
  readonly device: DeviceId;
  readonly secret: string;
  /** Asked anew for each connection: a certificate is replaced while the agent runs. Of no effect without TLS. */
  readonly tls?: () => BrokerTls;
}

/** All in PEM. */
export interface BrokerTls {
  /** Authorities of the broker's certificate, in place of the usual ones. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** How long silence is waited for. Shorter ones are for tests. */
export interface BrokerPatience {
  readonly connectMsMax?: number | undefined;
  /** Of pings; a broker that answers none for half as long again is given up. */
  readonly keepaliveSeconds?: number | undefined;
  /** For the acknowledgement of what is published or subscribed to. */
  readonly ackMsMax?: number | undefined;
}

const keepaliveSecondsDefault = 30;

/** One attempt. Resolves when the broker has accepted the login; rejects with the reason otherwise. */
export function openConnection(
  access: BrokerAccess & BrokerPatience & Pick<ClientOpening, "clock">,
  willPayload: Uint8Array,
  signal: AbortSignal,
): Promise<MqttClient> {
  const { brokerUrl, device, clock } = access;
  // Given a certificate, MQTT.js speaks TLS also to a broker that has none.
  const isTls = new URL(brokerUrl).protocol === "mqtts:";
  const { ca, cert, key } = (isTls ? access.tls?.() : undefined) ?? {};
  const options = {
    protocolVersion: 4,
    clientId: device,
    username: device,
    password: access.secret,
    keepalive: access.keepaliveSeconds ?? keepaliveSecondsDefault,
    connectTimeout: access.connectMsMax ?? busLimits.connectMsMax,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    will: {
      topic: deviceTopics(device).up("online"),
      payload: Buffer.from(willPayload),
      qos: 1,
      retain: true,
    },
  } as const;
  return openClient(
    { brokerUrl, options, clock, packetBytesMax: busLimits.packetBytesMax },
    signal,
  ).catch((cause: unknown) => {
    throw isUnknownAuthority(cause) ? unknownAuthority(cause) : cause;
  });
}

/** How OpenSSL says that nobody it trusts made the certificate. */
const UNKNOWN_AUTHORITY: readonly unknown[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

function isUnknownAuthority(cause: unknown): cause is Error {
  return cause instanceof Error && "code" in cause && UNKNOWN_AUTHORITY.includes(cause.code);
}

/** Node's own way out, a flag of its own, is none for an agent. */
function unknownAuthority(cause: Error): BusError {
  const [why = ""] = cause.message.split(";");
  const text = `expected a broker's certificate of an authority this device trusts (${why}): name its authority with --mqtt-ca FILE`;
  return new BusError("OFFLINE", text, { cause });
}
