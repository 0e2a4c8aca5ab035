import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ApiKeyCreated } from "@modelfleet/protocol";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { lockDataFolder } from "./adapters/data-folder/lock-data-folder.ts";
import { openDatabase } from "./adapters/sql/open-database.ts";
import { MakeAdminKey } from "./app/access/make-admin-key.ts";
import { ConfigError } from "./config-error.ts";
import { createLog } from "./log.ts";

/**
 * A new admin key for a controller that stands still: whoever may write its data folder owns its fleet anyway.
 *
 * @throws ConfigError when there is no controller's data; DataFolderError while the controller runs
 */
export async function recoverAdmin(dataFolder: string): Promise<ApiKeyCreated> {
  const folder = resolve(dataFolder);
  const file = join(folder, "controller.sqlite");
  await requireDatabase(folder, file);
  const lock = await lockDataFolder(folder);
  try {
    return await makeKey(file);
  } finally {
    lock[Symbol.dispose]();
  }
}

async function makeKey(file: string): Promise<ApiKeyCreated> {
  await using stores = await openDatabase(file);
  const ports = { access: stores.access, clock: systemClock(), log: createLog("error") };
  return await new MakeAdminKey(ports).recover();
}

/** A mistyped folder must not become a new controller's. */
async function requireDatabase(folder: string, file: string): Promise<void> {
  try {
    await access(file);
  } catch (cause) {
    throw new ConfigError(
      "CONFIG",
      `expected the data folder of a controller that ran before, ${folder} has no controller.sqlite: name it with --data`,
      { cause },
    );
  }
}
