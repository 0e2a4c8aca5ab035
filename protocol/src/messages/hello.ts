import * as z from "zod";
import { DeviceFacts } from "../target/facts.ts";
import { Counter, DeviceId, Timestamp } from "../units.ts";
import { SlotReport } from "./release-state.ts";
import { TrustCondition } from "./trust-condition.ts";

/** `up/hello`: signed by the device; a full snapshot that replaces what the controller knew (protocol.md 4). */
export const HelloMessage = z.object({
  type: z.literal("hello"),
  spec: z.literal(1),
  device: DeviceId,
  boot: Counter,
  /** 16 random bytes, base64; the answering `desired` carries it back and is fresh by that. */
  nonce: z.base64().length(24),
  agentVersion: z.string().max(64),
  issuedAt: Timestamp,
  clock: z.enum(["synced", "floor"]),
  rootVersion: Counter,
  desiredSeq: Counter,
  /** How many reports it has written in this boot: they are older than this snapshot, whenever they arrive. */
  reports: Counter.optional(),
  /** Place of the oldest report it owes, or of its next one where it owes none: of those before, none is missing. */
  owed: z.object({ boot: Counter, seq: Counter }).optional(),
  facts: DeviceFacts,
  slots: z.array(SlotReport).max(16),
  ...TrustCondition.shape,
});
export type HelloMessage = z.infer<typeof HelloMessage>;
