import { type DeviceId, isCodedError, keyLimits } from "@modelfleet/protocol";
import type { EventLog } from "../../ports/event-log.ts";
import { type AnswerDesiredPorts, answerDesired } from "../deployment/answer-desired.ts";

export interface SpreadRootPorts extends AnswerDesiredPorts {
  readonly log: EventLog;
}

/**
 * Gives each of these devices a new order, signed under the newest root, some at a time. Whom it does not reach asks
 * for its own when it comes back (protocol.md 4), so nothing is tried twice.
 */
export async function spreadRoot(
  ports: SpreadRootPorts,
  devices: readonly DeviceId[],
  signal: AbortSignal,
): Promise<void> {
  const { respreadDevicesMax } = keyLimits;
  const version = ports.keys.root().document.version;
  let failed = 0;
  for (let from = 0; from < devices.length && !signal.aborted; from += respreadDevicesMax) {
    const slice = devices.slice(from, from + respreadDevicesMax);
    const outcomes = await Promise.all(slice.map((device) => answer(ports, device)));
    failed += outcomes.filter((isDone) => !isDone).length;
  }
  const event = { event: "root.spread", version, devices: devices.length, failed };
  ports.log.info(event, "connected devices have orders under the new root");
}

async function answer(ports: SpreadRootPorts, device: DeviceId): Promise<boolean> {
  try {
    await answerDesired(ports, device);
    return true;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    const event = { event: "root.not-spread", device, code: error.code, reason: error.message };
    ports.log.warn(event, "a device has no order under the new root yet");
    return false;
  }
}
