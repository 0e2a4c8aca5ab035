import { z } from "zod";
import { ModelPattern } from "../trust/root-document.ts";
import { Labels } from "../units.ts";

/**
 * What somebody may do. `viewer` reads; `uploader` brings files of a release; `releaser` signs and approves releases;
 * `deployer` claims, enrols and deploys; `admin` all of it, and keys, roots and the audit log.
 */
export const Role = z.enum(["viewer", "uploader", "releaser", "deployer", "admin"]);
export type Role = z.infer<typeof Role>;

/** A role over some models and some devices: both must be covered by the same grant. */
export const Grant = z.object({
  role: Role,
  /** Names, prefixes like `vision.*`, or `*`. */
  models: z.array(ModelPattern).min(1).max(64).default(["*"]),
  /** Devices that carry every one of these labels; none is every device. */
  labels: Labels.default({}),
});
export type Grant = z.infer<typeof Grant>;
