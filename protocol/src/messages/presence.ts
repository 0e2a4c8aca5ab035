import * as z from "zod";
import { Counter } from "../units.ts";

/** `up/online`: the device's presence; retained, and its will with the same `boot` (protocol.md 2). */
export const OnlineMessage = z.object({
  v: z.literal(1),
  boot: Counter,
  online: z.boolean(),
  reason: z.string().max(64),
});
export type OnlineMessage = z.infer<typeof OnlineMessage>;

/** `ctl/state`: the controller's presence; a new epoch makes every agent say hello again, with jitter. */
export const ControllerStateMessage = z.object({
  v: z.literal(1),
  online: z.boolean(),
  epoch: z.string().max(64),
  protocol: z.array(z.int()).max(8),
  jitterMs: z.int().min(0).max(600_000),
});
export type ControllerStateMessage = z.infer<typeof ControllerStateMessage>;
