import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { cam1, goodSecret } from "./test-broker.ts";

export type DeviceClientOptions = {
  [Name in keyof IClientOptions]?: IClientOptions[Name] | undefined;
} & { readonly id?: string | undefined };

export type DeviceClient = AsyncDisposable & {
  readonly client: MqttClient;
  readonly messages: { readonly topic: string; readonly text: string; readonly retain: boolean }[];
};

/** A device's connection by a real MQTT client that does not come back by itself. @throws when it is refused */
export async function connectDevice(
  url: string,
  { id = cam1, ...options }: DeviceClientOptions = {},
): Promise<DeviceClient> {
  const client = await connectAsync(
    url,
    withoutUndefined({
      protocolVersion: 4,
      reconnectPeriod: 0,
      clientId: id,
      username: id,
      password: goodSecret,
      clean: true,
      ...options,
    }),
    false,
  );
  const messages: { topic: string; text: string; retain: boolean }[] = [];
  client.on("message", (topic, payload, packet) => {
    messages.push({ topic, text: payload.toString("utf8"), retain: packet.retain });
  });
  // A test that gets its connection closed asserts on "close"; the error event alone must not end the run.
  client.on("error", () => undefined);
  return { client, messages, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

/** Resolves when the connection is gone. */
export function closeOf(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once("close", () => resolve()));
}

function withoutUndefined(options: Readonly<Record<string, unknown>>): IClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
