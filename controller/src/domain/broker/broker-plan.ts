import type { DeviceId } from "@modelfleet/protocol";

/** Everything a broker's configuration depends on; paths are those of the broker's machine. */
export interface BrokerPlan {
  /** Folder the files will lie in there, absolute. */
  readonly folder: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Address to listen on; undefined: every one. */
  readonly host: string | undefined;
  readonly port: number;
  /** Where devices enrol over MQTT; undefined: over HTTP only. */
  readonly enrolPort: number | undefined;
  /** Of the fleet's authority, PEM. */
  readonly authority: string;
  readonly revocationList: string;
  readonly revokedDevices: readonly DeviceId[];
}

export interface BrokerFile {
  readonly name: string;
  readonly text: string;
}

/** Common name of the controller's certificate: with a dot, so that no device is called so. */
export const controllerName = "mf.controller";
