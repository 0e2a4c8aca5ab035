import { type DeviceId, rolloutLimits } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";

/** When a device failed, over all rollouts, newest first. */
export async function failuresOf(
  database: Kysely<Schema>,
  device: DeviceId,
  sinceMs: number,
): Promise<readonly number[]> {
  return (await failuresSince.rows(database, { device, sinceMs })).map(({ at_ms }) => at_ms);
}

const failuresSince = new Prepared<
  { readonly device: string; readonly sinceMs: number },
  { readonly at_ms: number }
>((database, value) =>
  database
    .selectFrom("device_failures")
    .select("at_ms")
    .where("device", "=", value("device"))
    .where("at_ms", ">=", value("sinceMs"))
    .orderBy("at_ms", "desc")
    .limit(rolloutLimits.penaltyFailuresMax),
);
