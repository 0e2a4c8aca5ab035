import { resolve } from "node:path";
import { DeviceId, FormatError, openPinnedRoot, parseEnrolment } from "@modelfleet/protocol";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { fileIdentity } from "./adapters/file-store/file-identity.ts";
import { openFileStore } from "./adapters/file-store/file-store.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { httpEnrolment } from "./adapters/http-client/http-enrolment.ts";
import { mqttEnrolment } from "./adapters/mqtt-bus/mqtt-enrolment.ts";
import { type ApprovalWait, enrol } from "./app/enrol.ts";
import { firstReachable } from "./app/first-reachable.ts";
import type { EnrolOptions } from "./config.ts";
import { EnrolmentRecord } from "./domain/enrolment-record.ts";
import { createWriter, firstState } from "./open-data-folder.ts";
import type { EnrolmentService } from "./ports/enrolment-service.ts";

/**
 * Enrols the device whose data folder this is.
 *
 * @param say told what a person has to do meanwhile
 * @returns what a person may see of it; never the secret
 */
export async function enrolFolder(
  text: string,
  options: EnrolOptions,
  say: (text: string) => void,
) {
  const enrolment = parseEnrolment(text);
  const service = serviceFor(options.over ?? "auto");
  const deviceClass = parseClass(options.class);
  const device = parseDeviceId(options.deviceId);
  const folder = resolve(options.data);
  const write = createWriter();
  const identity = fileIdentity({ fs: nodeFs, folder, write });
  const record = await enrol(
    { identity, service, clock: systemClock, waits: (approval) => say(approvalText(approval)) },
    { enrolment, class: deviceClass, device },
  );
  const enrolled = await identity.enrolment();
  if (enrolled !== undefined) {
    const store = await openFileStore({ fs: nodeFs, folder, write });
    const root = openPinnedRoot(enrolled.anchor, record.rootSha256);
    // A start that finds no state at all would take it for lost.
    if ((await store.readState()) === undefined) await store.commit(firstState(root));
  }
  const { fleet, controllerUrl, brokerUrl } = record;
  return {
    device: record.device,
    fleet,
    class: deviceClass,
    controllerUrl,
    brokerUrl,
    data: folder,
  };
}

function serviceFor(over: string): EnrolmentService {
  const mqtt = mqttEnrolment(systemClock);
  switch (over) {
    case "http":
      return httpEnrolment;
    case "mqtt":
      return mqtt;
    case "auto":
      return firstReachable(httpEnrolment, mqtt);
    default:
      throw new FormatError(
        "FORMAT",
        `--over: expected auto, http or mqtt, got "${over.slice(0, 64)}"`,
      );
  }
}

function approvalText({ device, fingerprint }: ApprovalWait): string {
  return [
    `${device} waits for approval; the fingerprint of this device's key is ${fingerprint}`,
    "an operator who sees this device approves it with:",
    `  modelfleet device approve ${device} --fingerprint ${fingerprint}`,
    "",
  ].join("\n");
}

function parseDeviceId(text: string | undefined): DeviceId | undefined {
  if (text === undefined) return undefined;
  const parsed = DeviceId.safeParse(text);
  if (parsed.success) return parsed.data;
  const expected = "3 to 63 characters of a-z, 0-9 and -";
  throw new FormatError("FORMAT", `--device-id: expected ${expected}, got "${text.slice(0, 64)}"`);
}

function parseClass(text: string): string {
  const parsed = EnrolmentRecord.shape.class.safeParse(text);
  if (parsed.success) return parsed.data;
  const expected = "1 to 63 characters of a-z, 0-9, . and -";
  throw new FormatError("FORMAT", `--class: expected ${expected}, got "${text.slice(0, 64)}"`);
}
