import type { DeviceId, DeviceState, Sha256 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import { bytesOf } from "./column.ts";
import { Prepared } from "./prepared.ts";
import type { Schema } from "./schema.ts";

/** The sender of a message. Of a device there is one row a slot, and one where it has none. */
export async function senderOf(
  database: Kysely<Schema>,
  id: DeviceId,
): Promise<SenderRecord | undefined> {
  const rows = await senderRows.rows(database, { id });
  const [device] = rows;
  if (device === undefined) return undefined;
  const { state, era } = device;
  return {
    ...{ id, state, era },
    publicKey: bytesOf(device.public_key),
    wanted: rows.flatMap(({ release }) => (release === null ? [] : [release as Sha256])),
  };
}

interface SenderRow {
  readonly public_key: Uint8Array;
  readonly state: DeviceState;
  readonly era: number;
  readonly release: string | null;
}

const senderRows = new Prepared<{ readonly id: string }, SenderRow>((database, value) =>
  database
    .selectFrom("devices as d")
    .leftJoin("desired_slots as s", "s.device", "d.id")
    .select(["d.public_key", "d.state", "d.era", "s.release"])
    .where("d.id", "=", value("id")),
);
