import { LocalMqttFile } from "@modelfleet/protocol";
import { connectAsync, type IClientOptions, type IPublishPacket } from "mqtt";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import {
  createLocalBus,
  type LocalBusOptions,
} from "../../../agent/src/adapters/mqtt-bus/local-bus.ts";
import { LocalBinding } from "../../../agent/src/app/local-binding/local-binding.ts";
import { planBindings } from "../../../agent/src/domain/binding/binding-plan.ts";
import { Router } from "../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../agent/src/ports/runner-host.ts";
import { eventually } from "../eventually.ts";
import { main } from "./binding-rig.ts";
import { fakeModel } from "./fake-model.ts";

/** A model that answers what it is asked, joined with a real broker as the agent joins it. */
export async function localDevice(file: object, changes: Partial<LocalBusOptions> = {}) {
  const parsed = LocalMqttFile.parse(file);
  const { url, username, version } = parsed;
  const events: Readonly<Record<string, unknown>>[] = [];
  const note = (event: Readonly<Record<string, unknown>>) => void events.push(event);
  const log = { info: note, warn: note, error: note };
  const bus = createLocalBus({
    ...{
      url,
      clientId: "modelfleet-cam-1",
      username,
      password: undefined,
      tls: undefined,
      version,
    },
    ...{ clock: systemClock, log, retryMsMin: 10, retryMsMax: 50 },
    ...changes,
  });
  const models = new Router<LoadedModel>({ clock: systemClock });
  await models.activate(main, fakeModel({ version: "1.0.0", says: (inputs) => inputs }));
  const clock = systemClock;
  const binding = new LocalBinding({
    ...{ bus, plan: planBindings(parsed), loadable: { models }, clock, log },
  });
  const stop = new AbortController();
  const done = binding.run(stop.signal);
  const isOnline = (times = 1) =>
    eventually(() => events.filter(({ event }) => event === "local.online").length >= times);
  return {
    ...{ bus, events, isOnline, models, status: () => binding.status() },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

/** A program of the device that knows MQTT and nothing of models. */
export async function localProgram(
  url: string,
  topics: readonly string[],
  options: IClientOptions = {},
) {
  const client = await connectAsync(url, { reconnectPeriod: 0, ...options }, false);
  client.on("error", () => undefined);
  const heard: IPublishPacket[] = [];
  client.on("message", (_topic, _payload, packet) => heard.push(packet));
  await client.subscribeAsync([...topics], { qos: 1 });
  return {
    client,
    heard,
    topics: () => heard.map(({ topic }) => topic),
    texts: () => heard.map(({ payload }) => String(payload)),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
