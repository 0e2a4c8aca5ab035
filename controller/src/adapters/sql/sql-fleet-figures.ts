import type { Kysely } from "kysely";
import type { FleetFigures, FleetTallies } from "../../ports/fleet-figures.ts";
import { tallyRows } from "./events/event-queries.ts";
import type { Schema } from "./schema.ts";

export class SqlFleetFigures implements FleetFigures {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly tallies = async (): Promise<FleetTallies> => ({
    alerts: await this.#byState("alerts"),
    deliveries: await tallyRows(this.#database),
    devices: await this.#devices(),
    rollouts: await this.#byState("rollouts"),
  });

  async #byState(table: "alerts" | "rollouts"): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#database
      .selectFrom(table)
      .select(["state", (row) => row.fn.countAll<number>().as("count")])
      .groupBy("state")
      .orderBy("state")
      .execute();
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  async #devices(): Promise<FleetTallies["devices"]> {
    const rows = await this.#database
      .selectFrom("devices")
      .select(["online", (row) => row.fn.countAll<number>().as("count")])
      .where("state", "=", "active")
      .groupBy("online")
      .execute();
    const of = (online: number) => rows.find((row) => row.online === online)?.count ?? 0;
    return { online: of(1), offline: of(0) };
  }
}
