import type { Kysely } from "kysely";
import {
  type CohortKey,
  classOfCohort,
  fleetCohort,
  labelCohort,
  labelsOfCohort,
} from "../../domain/drift/cohort-key.ts";
import type { Schema } from "./schema.ts";

export async function hasCohort(database: Kysely<Schema>, cohort: CohortKey): Promise<boolean> {
  const deviceClass = classOfCohort(cohort);
  const [label] = Object.entries(labelsOfCohort(cohort));
  let members = activeDevices(database).select("id").limit(1);
  if (deviceClass !== undefined) members = members.where("class", "=", deviceClass);
  if (label !== undefined) {
    const [key, value] = label;
    const labelled = database.selectFrom("device_labels").select("device");
    const those = labelled.where("key", "=", key).where("value", "=", value);
    members = members.where("id", "in", those);
  }
  return (await members.executeTakeFirst()) !== undefined;
}

export async function someCohorts(
  database: Kysely<Schema>,
  countMax: number,
): Promise<readonly CohortKey[]> {
  const classes = await activeDevices(database)
    .select("class")
    .distinct()
    .orderBy("class")
    .limit(countMax)
    .execute();
  const labels = await activeDevices(database)
    .innerJoin("device_labels", "device", "id")
    .select(["key", "value"])
    .distinct()
    .orderBy("key")
    .orderBy("value")
    .limit(countMax)
    .execute();
  const cohorts: readonly CohortKey[] = [
    fleetCohort,
    ...classes.map((row): CohortKey => `class=${row.class}`),
    ...labels.map(({ key, value }) => labelCohort(key, value)),
  ];
  return cohorts.slice(0, countMax);
}

function activeDevices(database: Kysely<Schema>) {
  return database.selectFrom("devices").where("state", "=", "active");
}
