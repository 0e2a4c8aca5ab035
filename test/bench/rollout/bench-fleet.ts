import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { DeviceId, type Signer } from "@modelfleet/protocol";
import { Kysely, SqliteDialect } from "kysely";
import { openBlobFolder } from "../../../controller/src/adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { systemClock } from "../../../controller/src/adapters/clock/system-clock.ts";
import { metricsText } from "../../../controller/src/adapters/metrics/metrics-text.ts";
import { openNodeSqlite } from "../../../controller/src/adapters/sql/node-sqlite.ts";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import type { Schema } from "../../../controller/src/adapters/sql/schema.ts";
import { webhookSender } from "../../../controller/src/adapters/webhook-http/webhook-sender.ts";
import { MinuteTally } from "../../../controller/src/app/audit/minute-tally.ts";
import { compose } from "../../../controller/src/compose.ts";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import type { RolloutSnapshot } from "../../../controller/src/domain/rollout/rollout.ts";
import type { Clock } from "../../../controller/src/ports/clock.ts";
import type { DeviceBus } from "../../../controller/src/ports/device-bus.ts";
import type { RolloutStore } from "../../../controller/src/ports/rollout-store.ts";
import { auditEntry } from "../../support/controller/audit-entry.ts";
import { fixtureKeys } from "../../support/controller/fixture-keys.ts";
import { RecordingBus } from "../../support/controller/recording-bus.ts";
import { RecordingLog } from "../../support/controller/recording-log.ts";
import { gatewayFacts } from "../../support/controller/simulated-device.ts";
import { smallUpload } from "../../support/controller/upload.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { fixtureTimes } from "../../support/trust-fixtures.ts";

export interface BenchDevice {
  readonly id: DeviceId;
  readonly signer: Signer;
}

export type BenchFleet = Awaited<ReturnType<typeof benchFleet>>;

/** Who watches is called at once and must be quick: it is within what is measured. */
export interface FleetWatch {
  /** The order has been published. */
  readonly onOrder?: (device: DeviceId, envelope: Uint8Array) => void;
  /** This has been committed; orders are stored otherwise and not told. */
  readonly onRollout?: (stored: RolloutSnapshot) => void;
}

/**
 * A whole controller over a database file, with so many active devices that are connected and have said what they are,
 * and one release that fits them all.
 *
 * @param signerOf null for who will not sign: a key of chance, which is quick
 */
export async function benchFleet(
  count: number,
  signerOf: (place: number) => Signer | null,
  watch: FleetWatch = {},
) {
  const folder = await temporaryFolder();
  const file = folder.inside("fleet.db");
  const devices = await bulkEnrol(file, count, signerOf);
  const stores = await openDatabase(file);
  const [clock, bus, log] = [fixtureClock(), new RecordingBus(), new RecordingLog()];
  const app = compose({
    ...stores,
    authority: undefined,
    blobs: await openBlobFolder(folder.path),
    breathe: () => setImmediate(),
    rollouts: watchedStore(stores.rollouts, watch),
    bus: watchedBus(bus, watch),
    ...{
      calendar: cronerCalendar(),
      sender: webhookSender([]),
      writeMetrics: metricsText,
      clock,
      keys: fixtureKeys(),
      log,
    },
    onDefect: (error) => {
      throw error;
    },
    tally: new MinuteTally({ audit: stores.audit, clock, log }),
    endpoints: () => ({ controllerUrl: "http://fleet.test", brokerUrl: "mqtt://fleet.test" }),
  });
  const upload = smallUpload({ version: "1.0.0" });
  const { release } = (await app.useCases.publishRelease.run(upload, localPrincipal)).release;
  app.acks.start();
  return {
    ...{ app, stores, clock, bus, devices, release },
    [Symbol.asyncDispose]: async () => {
      await app.rolloutEngine[Symbol.asyncDispose]();
      await app.acks[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function watchedBus(bus: DeviceBus, { onOrder }: FleetWatch): DeviceBus {
  if (onOrder === undefined) return bus;
  const publishDesired: DeviceBus["publishDesired"] = async (device, envelope) => {
    await bus.publishDesired(device, envelope);
    onOrder(device, envelope);
  };
  return { ...bus, publishDesired };
}

function watchedStore(rollouts: RolloutStore, { onRollout }: FleetWatch): RolloutStore {
  if (onRollout === undefined) return rollouts;
  const change: RolloutStore["change"] = async (from, next, changed) => {
    const isStored = await rollouts.change(from, next, changed);
    if (isStored) onRollout(next);
    return isStored;
  };
  return { ...rollouts, change };
}

/** The times of the fixtures, at the pace of the machine. */
function fixtureClock(): Clock {
  const startMs = performance.now();
  const nowMs = () => fixtureTimes.nowMs + Math.floor(performance.now() - startMs);
  return { ...systemClock(), nowMs };
}

export function benchDeviceName(place: number): string {
  return `cam-${String(place).padStart(6, "0")}`;
}

/** Past the enrolment, which is not what is measured. */
async function bulkEnrol(
  file: string,
  count: number,
  signerOf: (place: number) => Signer | null,
): Promise<readonly BenchDevice[]> {
  const stores = await openDatabase(file);
  await stores.fleet.addClaim(claim, auditEntry());
  await stores[Symbol.asyncDispose]();
  await using database = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: openNodeSqlite(file) }),
  });
  const unsigned = () => ({ publicKey: new Uint8Array(randomBytes(32)), sign: refuse });
  const devices = Array.from({ length: count }, (_, place) => ({
    id: DeviceId.parse(benchDeviceName(place)),
    signer: signerOf(place) ?? unsigned(),
  }));
  await database.transaction().execute(async (transaction) => {
    for (let from = 0; from < count; from += ROWS) {
      const rows = devices.slice(from, from + ROWS).map(deviceRow);
      await transaction.insertInto("devices").values(rows).execute();
      const labels = rows.map(({ id }) => ({ device: id, key: "site", value: "plant-a" }));
      await transaction.insertInto("device_labels").values(labels).execute();
    }
  });
  return devices;
}

const ROWS = 500;

const claim = {
  ...{ id: "c0ffee00", secret: "s", class: "cam-v2", uses: 1_000_000, used: 0 },
  ...{ createdAtMs: 1, expiresAtMs: 100, labels: {}, device: null },
  ...{ needsApproval: false, revokedAtMs: null },
};

function deviceRow({ id, signer }: BenchDevice) {
  return {
    ...{ id, public_key: signer.publicKey, class: "cam-v2", claim_id: claim.id },
    ...{ labels: '{"site":"plant-a"}', secret_sha256: "", state: "active" as const },
    ...{ enrolled_at_ms: 1, online: 1, presence_boot: 1, era: 0, boot: 1, hello_at_ms: 1 },
    ...{ last_seen_at_ms: 1, agent_version: "0.1.0", facts: JSON.stringify(gatewayFacts) },
    ...{
      slots: "[]",
      reported_seq: 0,
      hello_reports: 0,
      report_boot: -1,
      report_seq: -1,
      dropped: 0,
    },
    desired_seq: 0,
  };
}

function refuse(): never {
  throw new RangeError("this device signs nothing");
}
