import { createMqttBus, type Log, systemClock } from "@modelfleet/agent/bus-client";
import { AckMessage } from "@modelfleet/protocol";
import type { DeviceIdentity } from "../device/device-identity.ts";
import type { DeviceLine, DeviceTime, LineListener } from "../device/device-line.ts";

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The machine's time. */
export const realTime: DeviceTime = {
  nowMs: systemClock.nowMs,
  after: (ms, task) => void setTimeout(task, ms).unref(),
};

/** One device's connection to a real broker, by the code of the agent: MQTT 3.1.1, a socket of its own. */
export function mqttLineFor(
  { id, secret }: Pick<DeviceIdentity, "id" | "secret">,
  brokerUrl: string,
): (listener: LineListener) => DeviceLine {
  return (listener) => new MqttLine({ id, secret, brokerUrl, listener });
}

interface LineParts extends Pick<DeviceIdentity, "id" | "secret"> {
  readonly brokerUrl: string;
  readonly listener: LineListener;
}

class MqttLine implements DeviceLine {
  readonly #parts: LineParts;
  #bus: ReturnType<typeof createMqttBus> | undefined;
  #end = new AbortController();

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  readonly open = (boot: number): void => {
    const { id: device, secret, brokerUrl, listener } = this.#parts;
    const end = new AbortController();
    this.#end.abort();
    this.#end = end;
    const bus = createMqttBus({
      ...{ device, secret, brokerUrl, boot, clock: systemClock, log: silent },
    });
    this.#bus = bus;
    const ofThis = (task: () => void) => {
      if (!end.signal.aborted) task();
    };
    void bus.run(
      {
        connected: () => ofThis(listener.connected),
        disconnected: () =>
          ofThis(() => {
            end.abort();
            listener.disconnected();
          }),
        desired: (envelope) => ofThis(() => listener.desired(envelope)),
        acknowledged: (bytes) => ofThis(() => acknowledge(listener, bytes)),
        controllerState: () => undefined,
      },
      end.signal,
    );
  };

  readonly cut = (): void => {
    this.#end.abort();
    this.#bus = undefined;
  };

  readonly send = (stream: "hello" | "report", envelope: Uint8Array): void => {
    // What is lost with the connection is sent again with the next one.
    this.#bus?.publish(stream, envelope).catch(() => undefined);
  };

  readonly askDesired = (): void => {
    const question = new TextEncoder().encode('{"v":1,"cid":"simulator"}');
    this.#bus?.request("get-desired", question).catch(() => undefined);
  };
}

function acknowledge(listener: LineListener, bytes: Uint8Array): void {
  const ack = AckMessage.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
  if (ack.success && ack.data.stream === "report") listener.acknowledged(ack.data);
}
