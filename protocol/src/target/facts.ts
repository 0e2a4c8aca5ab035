import * as z from "zod";
import { DeviceClass } from "../units.ts";

/** What the agent proved at start about the device it runs on (targets.md 1.4: reported). */
export const DeviceFacts = z.object({
  class: DeviceClass,
  /** Id of the firmware target its probes matched, or the generic base. */
  target: z.string().max(64),
  os: z.string().max(32),
  arch: z.string().max(32),
  libc: z.object({ family: z.enum(["glibc", "musl", "none"]), version: z.string().max(32) }),
  node: z.string().max(32),
  cpuCores: z.int().min(1).max(4096),
  /** Kinds of core, like `cortex-a72` (`coreTypesOf`); absent or empty where the system does not say. */
  coreTypes: z.array(z.string().max(32)).max(8).optional(),
  memoryMiB: z.int().min(0),
  memoryAvailableMiB: z.int().min(0),
  diskFreeMiB: z.int().min(0),
  runtimes: z
    .array(
      z.object({
        id: z.string().max(64),
        version: z.string().max(32),
        /** Execution providers a session has really run with here. */
        providers: z.array(z.string().max(32)).max(16),
        opsetMax: z.int().min(0),
        irMax: z.int().min(0),
      }),
    )
    .max(8),
  agentVersion: z.string().max(64),
  protocol: z.int().min(1),
});
export type DeviceFacts = z.infer<typeof DeviceFacts>;
