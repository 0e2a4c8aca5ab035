import type { DeliveryState } from "@modelfleet/protocol";

/** How many of what the database holds are in each state. */
export interface FleetFigures {
  readonly tallies: () => Promise<FleetTallies>;
}

export interface FleetTallies {
  readonly alerts: Readonly<Record<string, number>>;
  readonly deliveries: Readonly<Record<DeliveryState, number>>;
  readonly devices: { readonly online: number; readonly offline: number };
  readonly rollouts: Readonly<Record<string, number>>;
}
