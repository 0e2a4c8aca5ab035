import type { DeviceId } from "@modelfleet/protocol";
import { createLocalBus } from "../adapters/mqtt-bus/local-bus.ts";
import { LocalBinding } from "../app/local-binding/local-binding.ts";
import type { AgentStatus } from "../domain/agent-status.ts";
import type { Loadable } from "../domain/open-inference/find-served.ts";
import type { LocalMqtt } from "../local-mqtt.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { untilAborted } from "./until-aborted.ts";

export interface BindingParts extends Loadable {
  readonly device: DeviceId;
  readonly clock: Clock;
  readonly log: Log;
}

/** What joins this device's models with a local broker, where somebody asked for it. */
export function localBinding(
  localMqtt: LocalMqtt | undefined,
  { device, clock, log, ...loadable }: BindingParts,
): Pick<LocalBinding, "run"> & { readonly status: () => Pick<AgentStatus, "localMqtt"> } {
  if (localMqtt === undefined) return { run: untilAborted, status: () => ({}) };
  const { access, plan } = localMqtt;
  const clientId = access.clientId ?? `modelfleet-${device}`;
  const bus = createLocalBus({ ...access, clientId, clock, log });
  const binding = new LocalBinding({ bus, plan, loadable, clock, log });
  return {
    run: (signal) => binding.run(signal),
    status: () => ({ localMqtt: binding.status() }),
  };
}
