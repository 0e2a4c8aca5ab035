import {
  Counter,
  type DeviceId,
  documentLimits,
  FormatError,
  parseStrictJson,
} from "@modelfleet/protocol";
import type { Place } from "./ack-ledger.ts";

/** Where a message stands in this device's stream, when no more than that can be read of it. */
export function readPlace(payload: Uint8Array, device: DeviceId): Place | undefined {
  const json = readJson(payload);
  if (typeof json !== "object" || json === null) return undefined;
  if (!("device" in json && "boot" in json && "seq" in json) || json.device !== device)
    return undefined;
  const boot = Counter.safeParse(json.boot);
  const seq = Counter.safeParse(json.seq);
  return boot.success && seq.success ? { boot: boot.data, seq: seq.data } : undefined;
}

function readJson(payload: Uint8Array): unknown {
  try {
    return parseStrictJson(payload, { bytesMax: documentLimits.payloadBytesMax });
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
