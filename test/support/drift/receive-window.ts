/** A window of one byte pattern, stored in its cell as the controller stores what a device sends; nobody reads its bytes. */

import { type DeviceId, digest8, sha256 } from "@modelfleet/protocol";
import { SqlTelemetryStore } from "../../../controller/src/adapters/sql/sql-telemetry-store.ts";
import type { DriftCell } from "../../../controller/src/ports/telemetry-store.ts";
import type { RolloutTables } from "../controller/rollout-tables.ts";

/** Of the release that the windows are of. */
export const releasePrefix = digest8(sha256(new Uint8Array(1)));

export async function receiveWindow(
  { database, commits }: Pick<RolloutTables, "database" | "commits">,
  window: { readonly device: DeviceId; readonly seq: number; readonly cell: DriftCell },
): Promise<void> {
  const { device, seq, cell } = window;
  const { startMs } = cell;
  const sent = { slot: "main", releasePrefix, startMs, durationMs: 1, bytes: new Uint8Array(3) };
  await new SqlTelemetryStore(database, commits).add({
    ...{ device, era: 0, boot: 1, seq, dropped: 0, receivedAtMs: startMs },
    windows: [{ ...sent, cell }],
  });
}
