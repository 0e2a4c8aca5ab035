import { randomBytes } from "node:crypto";
import {
  MqttBus,
  type MqttBusOptions,
} from "../../../controller/src/adapters/mqtt-bus/mqtt-bus.ts";
import type { TrackPresence } from "../../../controller/src/app/fleet/track-presence.ts";
import { recordingLog } from "../mqtt/recording-log.ts";

export interface RunningMqttBusOptions extends Partial<MqttBusOptions> {
  readonly presence?: TrackPresence;
}

/** The controller's way to devices over this broker, with pauses too short to wait for; what it hears is kept. */
export function runningMqttBus(url: string, { presence, ...changes }: RunningMqttBusOptions = {}) {
  const log = recordingLog();
  const heard: string[] = [];
  const bus = new MqttBus({
    ...{ url, ca: undefined, login: () => Promise.resolve({}), log },
    clock: { nowMs: Date.now, randomBytes, every: () => ({ [Symbol.dispose]: () => undefined }) },
    ...{ retryMsMin: 1, retryMsMax: 2, ...changes },
  });
  const yes = () => Promise.resolve(true);
  const nothing = () => Promise.resolve();
  bus.start({
    forgetPresence: () => presence?.allOffline() ?? nothing(),
    door: {
      ...{ authenticate: yes, recognize: yes, duplicate: nothing },
      enrol: (question) => Promise.resolve(question),
      receive: async ({ device, kind, ...topic }, payload) => {
        const name = "stream" in topic ? topic.stream : kind;
        heard.push(`${device} ${name} ${Buffer.from(payload).toString("utf8")}`);
        if (name === "online") await presence?.run(device, payload);
      },
    },
  });
  const named = (event: string) => log.events.filter((one) => one.event === event);
  return {
    ...{ bus, heard, named },
    connections: () => named("broker.online").length,
    reasons: () => named("broker.offline").map((event) => String(event["reason"])),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
