import type { Compilable, CompiledQuery, Kysely, QueryResult } from "kysely";
import type { Schema } from "./schema.ts";

/** What a column takes. */
export type SqlValue = string | number | null | Uint8Array;

/** Of a query that takes none. */
export type NoValues = Readonly<Record<string, never>>;

/** Values by name. */
type Taken<Values> = { readonly [Name in keyof Values]: SqlValue };

/** Stands in a query for the value that comes with each run. */
class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type ValueOf<Values> = <Name extends keyof Values & string>(name: Name) => Values[Name];

/**
 * A query that is compiled once for a database and then run with other values: for what thousands of devices bring
 * about every second, where compiling costs more than running.
 */
export class Prepared<Values extends Taken<Values>, Row = unknown> {
  readonly #build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>;
  /** By the adapter, which a database shares with its transactions. */
  readonly #compiled = new WeakMap<object, CompiledQuery<Row>>();

  constructor(build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>) {
    this.#build = build;
  }

  async rows(database: Kysely<Schema>, values: Values): Promise<Row[]> {
    return (await this.#execute(database, values)).rows;
  }

  async first(database: Kysely<Schema>, values: Values): Promise<Row | undefined> {
    return (await this.#execute(database, values)).rows[0];
  }

  /** @returns how many rows it has changed */
  async run(database: Kysely<Schema>, values: Values): Promise<number> {
    return Number((await this.#execute(database, values)).numAffectedRows ?? 0n);
  }

  #execute(database: Kysely<Schema>, values: Values): Promise<QueryResult<Row>> {
    const compiled = this.#compile(database);
    const named = values as Readonly<Record<string, SqlValue>>;
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Place ? named[parameter.name] : parameter,
    );
    return database.executeQuery({ ...compiled, parameters });
  }

  #compile(database: Kysely<Schema>): CompiledQuery<Row> {
    const { adapter } = database.getExecutor();
    const known = this.#compiled.get(adapter);
    if (known !== undefined) return known;
    // The builder only carries values to the driver; the type is that of the value which takes the place.
    const value: ValueOf<Values> = (name) => new Place(name) as never;
    const compiled = this.#build(database, value).compile();
    this.#compiled.set(adapter, compiled);
    return compiled;
  }
}
