import * as z from "zod";
import { Counter, DeviceId, UnixMs } from "../units.ts";

/** Messages of one kind that were not taken in, or were a sign of something wrong, for one reason. */
export const RefusalCount = z.object({
  stream: z.enum(["online", "hello", "report", "tele", "req"]),
  /** `SIGNATURE`, `DEVICE_UNKNOWN`, `FOREIGN_DEVICE`, `RELEASE_NOT_ASSIGNED` and others. */
  code: z.string(),
  count: Counter,
  /** Whose topic the newest one came on. */
  lastDevice: DeviceId,
});
export type RefusalCount = z.infer<typeof RefusalCount>;

/** `GET /v1/refusals`. */
export const Refusals = z.object({
  /** Counted since then: the start of this controller. */
  sinceMs: UnixMs,
  refusals: z.array(RefusalCount),
  /** Batches of telemetry that never came; those a device says it dropped are among them. */
  gaps: z.array(z.object({ device: DeviceId, missing: Counter })),
});
export type Refusals = z.infer<typeof Refusals>;
