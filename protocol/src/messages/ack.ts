import * as z from "zod";
import { Counter } from "../units.ts";

/** `dn/ack`: everything of this stream up to (boot, seq) is committed; cumulative, idempotent (protocol.md 3). */
export const AckMessage = z.object({
  v: z.literal(1),
  stream: z.enum(["report", "tele"]),
  boot: Counter,
  seq: Counter,
});
export type AckMessage = z.infer<typeof AckMessage>;
