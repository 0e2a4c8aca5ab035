import { busLimits, type DeviceId, deviceTopics } from "@modelfleet/protocol";
import { connect, type MqttClient } from "mqtt";

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

const keepaliveSeconds = 30;

/** One attempt. Resolves when the broker has accepted the login; rejects with the reason otherwise. */
export function openConnection(
  access: BrokerAccess,
  willPayload: Uint8Array,
  signal: AbortSignal,
): Promise<MqttClient> {
  const { device } = access;
  const { ca, cert, key } = access.tls?.() ?? {};
  const client = connect(access.brokerUrl, {
    protocolVersion: 4,
    clean: true,
    clientId: device,
    username: device,
    password: access.secret,
    keepalive: keepaliveSeconds,
    connectTimeout: busLimits.connectMsMax,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    will: {
      topic: deviceTopics(device).up("online"),
      payload: Buffer.from(willPayload),
      qos: 1,
      retain: true,
    },
  });
  return new Promise((resolve, reject) => {
    let reason: Error = new Error("the broker closed the connection before it accepted the login");
    const giveUp = () => {
      client.end(true);
      reject(reason);
    };
    client.on("error", (error) => {
      reason = error;
    });
    client.once("close", giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    client.once("connect", () => {
      client.off("close", giveUp);
      signal.removeEventListener("abort", giveUp);
      resolve(client);
    });
  });
}
