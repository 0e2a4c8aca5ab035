import * as z from "zod";
import { DeviceId } from "../units.ts";

/** `GET /v1/client-trust`: whom a broker lets in by certificate; goes into its configuration. */
export const ClientTrust = z.object({
  /** The fleet's authority for client certificates, PEM. */
  authority: z.string(),
  /** Of this authority, PEM. */
  revocationList: z.string(),
  /** Devices that have no rights any more, also on a connection that stands. */
  revokedDevices: z.array(DeviceId),
});
export type ClientTrust = z.infer<typeof ClientTrust>;
