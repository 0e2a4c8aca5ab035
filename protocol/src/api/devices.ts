import * as z from "zod";
import { Fingerprint } from "../fingerprint.ts";
import { claimLimits, rehearsalLimits } from "../limits.ts";
import { SlotReport } from "../messages/release-state.ts";
import { ReportItem } from "../messages/report.ts";
import { DeviceFacts } from "../target/facts.ts";
import {
  Counter,
  DeviceClass,
  DeviceId,
  Labels,
  ModelName,
  ReleaseVersion,
  Sha256,
  SlotName,
  UnixMs,
} from "../units.ts";

/** What the controller wants in one slot. */
export const DesiredSlot = z.object({
  slot: SlotName,
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
  /** How long applications may put the swap off, ms; absent: a day. */
  deferMsMax: z.int().min(0).max(rehearsalLimits.deferMsMax).optional(),
});
export type DesiredSlot = z.infer<typeof DesiredSlot>;

/** `pending`: has asked and waits for an operator. `revoked`: its key is worth nothing any more. */
export const DeviceState = z.enum(["active", "pending", "revoked"]);
export type DeviceState = z.infer<typeof DeviceState>;

/** `GET /v1/devices/{id}`. */
export const Device = z.object({
  id: DeviceId,
  state: DeviceState,
  revoked: z.object({ atMs: UnixMs, reason: z.string().nullable() }).nullable(),
  class: DeviceClass,
  labels: Labels,
  enrolledAtMs: UnixMs,
  online: z.boolean(),
  lastSeenAtMs: UnixMs.nullable(),
  boot: Counter.nullable(),
  agentVersion: z.string().nullable(),
  facts: DeviceFacts.nullable(),
  desired: z.object({ seq: Counter, slots: z.array(DesiredSlot) }),
  /** As the device last reported, signed. */
  slots: z.array(SlotReport),
  /** Newest last. */
  recent: z.array(ReportItem.extend({ atMs: UnixMs })),
});
export type Device = z.infer<typeof Device>;

/** `GET /v1/devices`. */
export const DeviceList = z.object({ devices: z.array(Device) });
export type DeviceList = z.infer<typeof DeviceList>;

/** Body of `PATCH /v1/devices/{id}`. */
export const DeviceChange = z.object({ labels: Labels });
export type DeviceChange = z.infer<typeof DeviceChange>;

/** Body of `POST /v1/devices/{id}/approve`: what the agent printed, not what the controller knows. */
export const DeviceApproval = z.object({ fingerprint: Fingerprint });
export type DeviceApproval = z.infer<typeof DeviceApproval>;

/** Body of `POST /v1/devices/{id}/revoke`. */
export const DeviceRevocation = z.object({
  reason: z.string().min(1).max(claimLimits.reasonLengthMax).optional(),
});
export type DeviceRevocation = z.infer<typeof DeviceRevocation>;
