import * as z from "zod";
import { Counter } from "../units.ts";

/** `dn/ack`: everything of this stream up to (boot, seq) is committed; idempotent (protocol.md 3.2). */
export const AckMessage = z.object({
  v: z.literal(1),
  stream: z.enum(["report", "tele"]),
  boot: Counter,
  seq: Counter,
  /** Not everything: what is before this one may have been lost on its way, and is still owed (protocol.md 3.10). */
  from: z.object({ boot: Counter, seq: Counter }).optional(),
  /** Nothing is committed by this one: say hello, and send again from the oldest (protocol.md 3.11). */
  again: z.literal(true).optional(),
});
export type AckMessage = z.infer<typeof AckMessage>;
