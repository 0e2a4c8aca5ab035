import { TelemetrySpool } from "../app/telemetry-spool.ts";
import { type ForwarderParts, WindowForwarder } from "../app/window-forwarder.ts";
import { type DataFolder, readProfileFile } from "../open-data-folder.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { WindowShelf } from "../ports/window-shelf.ts";

/** What the device owes the controller, as earlier starts left it. */
export interface Owed {
  readonly outbox: Outbox;
  readonly windowShelf: WindowShelf;
}

/** What measures, and what takes its windows to where they wait for the controller. */
export function wireTelemetry(
  parts: Omit<ForwarderParts, "shelf"> & Pick<DataFolder, "record">,
  { windowShelf }: Owed,
): TelemetrySpool {
  const forwarder = new WindowForwarder({ ...parts, shelf: windowShelf });
  return new TelemetrySpool({ ...parts, readJson: readProfileFile, forwarder });
}
