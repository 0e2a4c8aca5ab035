import type { DeviceId, Sha256 } from "@modelfleet/protocol";
import type { FleetNature } from "../device/nature.ts";

/** What the simulator tells a process that holds a part of its fleet. */
export type FleetWord =
  /** Connect; members they are. */
  | {
      readonly do: "begin";
      readonly brokerUrl: string;
      /** The envelope of the root that they trust, base64. */
      readonly root: string;
      readonly seed: string;
      readonly nature: FleetNature;
      /** Numbers of its devices: from, up to and without. */
      readonly from: number;
      readonly until: number;
    }
  /** A share of them goes, and comes back evenly over this time. */
  | { readonly do: "leave"; readonly offline: number; readonly awayMs: number }
  | { readonly do: "look" };

/** And what it answers. */
export type FleetAnswer =
  | { readonly said: "connected" }
  | { readonly said: "left"; readonly devices: number }
  | {
      readonly said: "seen";
      /** Devices that are connected and have nothing to do or to say. */
      readonly idle: number;
      readonly serving: readonly (readonly [DeviceId, Sha256 | null])[];
    };
