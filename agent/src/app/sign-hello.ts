import {
  type DeviceFacts,
  type DeviceId,
  type Signer,
  type SlotReport,
  signDeviceMessage,
  type TrustCondition,
} from "@modelfleet/protocol";
import type { AgentState } from "../domain/install/agent-state.ts";
import { fitSlots } from "../domain/install/fit-slots.ts";
import { timeOf } from "./reporter.ts";

export interface HelloContent {
  readonly device: DeviceId;
  readonly signer: Signer;
  readonly agentVersion: string;
  readonly nowMs: number;
  /** 16 random bytes, base64. */
  readonly nonce: string;
  readonly state: AgentState;
  /** Written in this boot before `slots` were read; undefined: nobody knows. */
  readonly reports?: number;
  /** Place of the oldest report it owes, or of its next one; undefined: nobody knows. */
  readonly owed?: { readonly boot: number; readonly seq: number };
  readonly facts: DeviceFacts;
  readonly condition: TrustCondition;
  readonly slots: readonly SlotReport[];
}

/** The device's snapshot of itself, signed; what refuses to fit is told shorter. */
export function signHello(content: HelloContent): Uint8Array {
  const { device, signer, agentVersion, nonce, state, facts, condition, reports, owed } = content;
  const snapshot = {
    type: "hello" as const,
    spec: 1 as const,
    device,
    boot: state.boot,
    nonce,
    agentVersion,
    ...timeOf(content.nowMs, state.timeFloorMs),
    rootVersion: state.rootVersion,
    desiredSeq: state.seq,
    ...(reports === undefined ? {} : { reports }),
    ...(owed === undefined ? {} : { owed }),
    facts,
    ...condition,
  };
  const hello = fitSlots(content.slots, (slots) => ({ ...snapshot, slots }));
  return signDeviceMessage(signer, "hello", hello);
}
