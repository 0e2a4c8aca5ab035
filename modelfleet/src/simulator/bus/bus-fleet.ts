import type { EmbeddedController } from "@modelfleet/controller/embedded";
import type { DeviceId, VerifiedRoot } from "@modelfleet/protocol";
import { addMembers, type MembersWish } from "../add-members.ts";
import { Chance } from "../chance.ts";
import { type FleetNature, natureOf } from "../device/nature.ts";
import { SimulatedAgent } from "../device/simulated-agent.ts";
import type { FleetBus } from "./fleet-bus.ts";

export interface BusFleetOptions extends MembersWish {
  readonly nature: FleetNature;
  readonly bus: FleetBus;
  readonly controller: EmbeddedController;
  /** What every device trusts. */
  readonly root: VerifiedRoot;
}

/** Agents that are members of the fleet, each with a line to the bus; none has said anything yet. */
export async function joinBusFleet(
  options: BusFleetOptions,
): Promise<ReadonlyMap<DeviceId, SimulatedAgent>> {
  const { seed, nature, bus, controller, root } = options;
  const { clock } = bus;
  const members = await addMembers(controller, options);
  const agents = members.map(({ number, ...identity }) => {
    const chance = new Chance(`${seed}/${identity.id}`);
    return new SimulatedAgent({
      identity: { ...identity, root },
      ...{ nature: natureOf(nature, chance), chance },
      time: { nowMs: clock.nowMs, after: (ms, task) => clock.after(ms, number, task) },
      lineTo: bus.lineFor(identity.id, number, chance),
    });
  });
  return new Map(agents.map((agent) => [agent.identity.id, agent]));
}
