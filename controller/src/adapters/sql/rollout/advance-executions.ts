import type { Transaction } from "kysely";
import { systemPrincipal } from "../../../domain/access/principal.ts";
import type { StoredChange } from "../../../ports/rollout-store.ts";
import { appendAudit } from "../append-audit.ts";
import { Moved } from "../moved.ts";
import { Prepared } from "../prepared.ts";
import { replaceDesired } from "../replace-desired.ts";
import type { Schema } from "../schema.ts";
import { setWish } from "../set-wish.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import { executionBefore } from "./execution-statements.ts";
import { supersede } from "./supersede.ts";

/** What the changes of one call have in common. */
interface Frame {
  readonly rollout: string;
  readonly slot: string;
  readonly priority: number;
}

/**
 * Changes executions and the desired state of their devices under the rollout's version.
 *
 * @throws Moved, so that nothing of it stays
 */
export async function advanceExecutions(
  transaction: Transaction<Schema>,
  { id, from }: { readonly id: string; readonly from: number },
  stored: readonly StoredChange[],
): Promise<void> {
  const frame = await holdRollout(transaction, id, from);
  const changes = new ExecutionChanges(transaction);
  for (const change of stored) await storeOne(transaction, changes, { ...frame, change });
  await changes.write();
}

/** It keeps its version until the transaction is over. @throws Moved */
export async function holdRollout(
  transaction: Transaction<Schema>,
  rollout: string,
  version: number,
): Promise<Frame> {
  if ((await holdVersion.run(transaction, { rollout, version })) !== 1) throw new Moved(rollout);
  const row = await frameOf.first(transaction, { rollout });
  if (row === undefined) throw new Moved(rollout);
  return { rollout, ...row };
}

async function storeOne(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  { rollout, slot, priority, change: stored }: Frame & { readonly change: StoredChange },
): Promise<void> {
  const { device, fromVersion, change, assignment, previous, audit } = stored;
  const before = await executionBefore.first(transaction, { rollout, device });
  if (before?.version !== fromVersion) throw new Moved(device);
  const offer = change.steps.find(({ to }) => to === "offered");
  if (offer !== undefined) {
    const atMs = change.next.changedAtMs;
    const wish = { device, slot, by: rollout, priority, atMs, actor: systemPrincipal.id };
    if (!(await supersede(transaction, changes, wish))) throw new Moved(device);
  }
  if (!(await changes.store(before, change, { previous }))) throw new Moved(device);
  if (assignment !== null) {
    if (!(await replaceDesired(transaction, device, assignment))) throw new Moved(device);
    await setWish(transaction, changes, { device, slot, entry: assignment.entry });
  }
  for (const entry of audit) await appendAudit(transaction, entry);
}

const holdVersion = new Prepared<{ readonly rollout: string; readonly version: number }>(
  (database, value) =>
    database
      .updateTable("rollouts")
      .set({ version: value("version") })
      .where("id", "=", value("rollout"))
      .where("version", "=", value("version")),
);

const frameOf = new Prepared<
  { readonly rollout: string },
  { readonly slot: string; readonly priority: number }
>((database, value) =>
  database.selectFrom("rollouts").select(["slot", "priority"]).where("id", "=", value("rollout")),
);
