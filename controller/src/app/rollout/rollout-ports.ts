import type { TargetCatalog } from "@modelfleet/protocol";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Calendar } from "../../ports/calendar.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import type { RolloutLanes } from "./rollout-lanes.ts";

/** What rollouts are carried out with. */
export interface RolloutPorts {
  readonly audit: AuditLog;
  readonly bus: DeviceBus;
  readonly calendar: Calendar;
  readonly catalog: TargetCatalog;
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly keys: Keys;
  readonly lanes: RolloutLanes;
  readonly log: EventLog;
  readonly releases: ReleaseStore;
  readonly rollouts: RolloutStore;
  /** Lets others have a turn of the process: between two commits of many. */
  readonly breathe: () => Promise<void>;
  /** Tells the engine that something of a rollout has changed. */
  readonly wake: (rollout: string) => void;
}
