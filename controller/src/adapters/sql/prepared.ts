import {
  type Compilable,
  type CompiledQuery,
  type Kysely,
  type SqliteStatement,
  sql,
} from "kysely";
import type { NodeSqlite } from "./node-sqlite.ts";
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
  /** On the driver itself. */
  readonly direct: { readonly driver: NodeSqlite; readonly statement: SqliteStatement } | undefined;
}

/** By the adapter, which a database shares with its transactions. */
const drivers = new WeakMap<object, NodeSqlite>();

/**
 * From now on prepared queries of this database run on its driver, for the way there costs more than a short statement.
 * A transaction holds the only connection, so it need not ask for it. Outside of one a query runs at once when nobody is in
 * a transaction, for it is over before anybody can begin one; otherwise it waits its turn.
 */
export function runOnDriver(database: Kysely<Schema>, driver: NodeSqlite): void {
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
    const held = this.#hold(database);
    const { query } = held;
    const parameters = parametersOf(query, values);
    const statement = statementNow(held, database);
    if (statement !== undefined) return statement.all(parameters) as Row[];
    return (await database.executeQuery<Row>({ ...query, parameters })).rows;
  }

  async first(database: Kysely<Schema>, values: Values): Promise<Row | undefined> {
    return (await this.rows(database, values))[0];
  }

  /** @returns how many rows it has changed */
  async run(database: Kysely<Schema>, values: Values): Promise<number> {
    const held = this.#hold(database);
    const { query } = held;
    const parameters = parametersOf(query, values);
    const statement = statementNow(held, database);
    if (statement !== undefined) return Number(statement.run(parameters).changes);
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
    const driver = drivers.get(adapter);
    const direct = driver && { driver, statement: driver.prepare(query.sql) };
    const held = { query, direct };
    this.#held.set(adapter, held);
    return held;
  }
}

/** @returns undefined where it has to wait for the connection */
function statementNow(
  { direct }: Held<unknown>,
  { isTransaction }: Kysely<Schema>,
): SqliteStatement | undefined {
  return isTransaction || direct?.driver.isInTransaction() === false
    ? direct?.statement
    : undefined;
}

function parametersOf({ parameters }: CompiledQuery, values: NamedValues): unknown[] {
  return parameters.map((parameter) =>
    parameter instanceof Place ? values[parameter.name] : parameter,
  );
}
