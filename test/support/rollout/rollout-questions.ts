import type { AuditEvent, Sha256 } from "@modelfleet/protocol";
import type { Conduct, FleetDevice } from "./fleet-device.ts";
import type { RolloutWorld } from "./rollout-world.ts";

const EVENTS_MAX = 5_000;

/** A stage of a plan that is a share of the target set. */
export function percent(share: number, changes: object = {}): object {
  return { size: { percent: share }, ...changes };
}

/** The devices in the order in which the rollout takes them. */
export async function inOrder(world: RolloutWorld, id: string): Promise<readonly FleetDevice[]> {
  const query = { states: [], stage: null, limit: 500, cursor: null };
  const { executions } = await world.stores.rollouts.executions(id, query);
  return executions.flatMap(({ device }) => world.devices.get(device) ?? []);
}

/** In the order of the rollout, the state of each and why. */
export async function statesOf(world: RolloutWorld, id: string): Promise<readonly string[]> {
  const query = { states: [], stage: null, limit: 500, cursor: null };
  const { executions } = await world.stores.rollouts.executions(id, query);
  return executions.map(({ execution: { state, code } }) =>
    code === null ? state : `${state} ${code}`,
  );
}

export function conduct(
  devices: Iterable<FleetDevice>,
  release: Sha256,
  how: Conduct = { kind: "refuse", code: "FORMAT" },
): void {
  for (const device of devices) device.conducts.set(release, how);
}

export function serving(world: RolloutWorld, release: Sha256): readonly FleetDevice[] {
  return [...world.devices.values()].filter(({ active }) => active?.release === release);
}

/** What was written down of a rollout, in order. */
export function eventsOf(world: RolloutWorld, id: string): Promise<readonly AuditEvent[]> {
  return world.stores.audit.pageOf(`rollout:${id}`, 0, EVENTS_MAX);
}
