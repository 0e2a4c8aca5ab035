import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { controllerLimits } from "@modelfleet/protocol";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { sqliteError } from "./sqlite-error.ts";

/** The one connection there is, as Kysely and prepared queries use it. */
export interface NodeSqlite extends SqliteDatabase {
  readonly isInTransaction: () => boolean;
}

/** What Kysely needs of SQLite, over Node's own: no native package. */
export function openNodeSqlite(path: string): NodeSqlite {
  const database = guarded(
    path,
    () => new DatabaseSync(path, { enableForeignKeyConstraints: true }),
  );
  // FULL: what was acknowledged to a device is on disk. EXCLUSIVE: a second controller on this file fails at its start.
  guarded(path, () =>
    database.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;",
    ),
  );
  // What thousands of devices change every second is the same few pages: kept in memory, and written back seldom.
  const { databaseCacheKib, walPagesMax } = controllerLimits;
  guarded(path, () =>
    database.exec(
      `pragma cache_size = -${databaseCacheKib}; pragma wal_autocheckpoint = ${walPagesMax};`,
    ),
  );
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    isInTransaction: () => database.isTransaction,
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      if (statements.size >= controllerLimits.statementsKeptMax) statements.clear();
      const statement = wrap(
        path,
        guarded(path, () => database.prepare(sql)),
        sql,
      );
      statements.set(sql, statement);
      return statement;
    },
  };
}

function wrap(path: string, statement: StatementSync, sql: string): SqliteStatement {
  const bound = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: /^\s*(select|with|pragma)\b/i.test(sql) || /\breturning\b/i.test(sql),
    all: (parameters) => guarded(path, () => statement.all(...bound(parameters))),
    run: (parameters) => guarded(path, () => statement.run(...bound(parameters))),
    iterate: (parameters) => guarded(path, () => statement.iterate(...bound(parameters))),
  };
}

function guarded<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw sqliteError(error, path);
  }
}
