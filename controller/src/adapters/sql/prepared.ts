import {
  type Compilable,
  type CompiledQuery,
  type Kysely,
  type SqliteDatabase,
  type SqliteStatement,
  sql,
} from "kysely";
import type { Schema } from "./schema.ts";

/** What a column takes. */
export type SqlValue = string | number | null | Uint8Array;

/** A limit in the text of a query: SQLite prepares a statement anew with each run that brings its limit as a value. */
export const oneRow = sql.lit(1);

/** Of a query that takes none. */
export type NoValues = Readonly<Record<string, never>>;

/** Values by name. */
type Taken<Values> = { readonly [Name in keyof Values]: SqlValue };

type NamedValues = Readonly<Record<string, SqlValue>>;

/** Stands in a query for the value that comes with each run. */
class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type ValueOf<Values> = <Name extends keyof Values & string>(name: Name) => Values[Name];

interface Held<Row> {
  readonly query: CompiledQuery<Row>;
  /** Where transactions run on the driver itself. */
  readonly statement: SqliteStatement | undefined;
}

/** By the adapter, which a database shares with its transactions. */
const drivers = new WeakMap<object, SqliteDatabase>();

/**
 * From now on prepared queries of this database's transactions run on its driver: a transaction holds the only
 * connection, and the way there costs as much as a short statement. Outside of one they wait their turn.
 */
export function runOnDriver(database: Kysely<Schema>, driver: SqliteDatabase): void {
  drivers.set(database.getExecutor().adapter, driver);
}

/**
 * A query that is compiled once for a database and then run with other values: for what thousands of devices bring
 * about every second, where compiling costs more than running.
 */
export class Prepared<Values extends Taken<Values>, Row = unknown> {
  readonly #build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>;
  readonly #held = new WeakMap<object, Held<Row>>();

  constructor(build: (database: Kysely<Schema>, value: ValueOf<Values>) => Compilable<Row>) {
    this.#build = build;
  }

  async rows(database: Kysely<Schema>, values: Values): Promise<readonly Row[]> {
    const { query, statement } = this.#hold(database);
    const parameters = parametersOf(query, values);
    if (statement !== undefined && database.isTransaction)
      return statement.all(parameters) as Row[];
    return (await database.executeQuery<Row>({ ...query, parameters })).rows;
  }

  async first(database: Kysely<Schema>, values: Values): Promise<Row | undefined> {
    return (await this.rows(database, values))[0];
  }

  /** @returns how many rows it has changed */
  async run(database: Kysely<Schema>, values: Values): Promise<number> {
    const { query, statement } = this.#hold(database);
    const parameters = parametersOf(query, values);
    if (statement !== undefined && database.isTransaction) {
      return Number(statement.run(parameters).changes);
    }
    const { numAffectedRows = 0n } = await database.executeQuery({ ...query, parameters });
    return Number(numAffectedRows);
  }

  #hold(database: Kysely<Schema>): Held<Row> {
    const { adapter } = database.getExecutor();
    const known = this.#held.get(adapter);
    if (known !== undefined) return known;
    // The builder only carries values to the driver; the type is that of the value which takes the place.
    const value: ValueOf<Values> = (name) => new Place(name) as never;
    const query = this.#build(database, value).compile();
    const held = { query, statement: drivers.get(adapter)?.prepare(query.sql) };
    this.#held.set(adapter, held);
    return held;
  }
}

function parametersOf({ parameters }: CompiledQuery, values: NamedValues): unknown[] {
  return parameters.map((parameter) =>
    parameter instanceof Place ? values[parameter.name] : parameter,
  );
}
