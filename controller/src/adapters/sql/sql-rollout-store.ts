import type { DeviceId, Sha256, SlotName } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../domain/rollout/rollout.ts";
import type {
  ExecutionQuery,
  IdempotencyKey,
  NewExecution,
  RateSpan,
  RolloutChange,
  RolloutPageQuery,
  RolloutStore,
  SettleQuery,
  StoredChange,
} from "../../ports/rollout-store.ts";
import { unlessMoved } from "./moved.ts";
import { addExecutions } from "./rollout/add-executions.ts";
import { advanceExecutions } from "./rollout/advance-executions.ts";
import { addRollout, changeRollout } from "./rollout/change-rollouts.ts";
import { failuresOf } from "./rollout/device-failures.ts";
import { groupFigures } from "./rollout/group-figures.ts";
import { answerKey, forgetKey, forgetUnanswered, takeKey } from "./rollout/idempotency-keys.ts";
import { executionPage } from "./rollout/page-executions.ts";
import { rateFactsOf } from "./rollout/rate-facts.ts";
import {
  conflictingExecutions,
  dueExecutions,
  executionByDevice,
  inFlightOf,
  membersOf,
  openExecution,
  queuedExecutions,
} from "./rollout/read-executions.ts";
import { activeRollouts, poisonOf, rolloutById, rolloutPage } from "./rollout/read-rollouts.ts";
import { executionsToSettle } from "./rollout/settle-executions.ts";
import { takeLease } from "./rollout/take-lease.ts";
import type { Schema } from "./schema.ts";

type Page = { readonly nowMs: number; readonly count: number };

/** Rollouts in tables; each subject in a file of its own. */
export class SqlRolloutStore implements RolloutStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly add = (rollout: RolloutRecord, audit: readonly AuditEntry[], asked?: IdempotencyKey) =>
    this.#database
      .transaction()
      .execute((transaction) => addRollout(transaction, rollout, { audit, asked }));

  readonly byId = (id: string) => rolloutById(this.#database, id);

  readonly page = (query: RolloutPageQuery) => rolloutPage(this.#database, query);

  readonly active = (nowMs: number) => activeRollouts(this.#database, nowMs);

  readonly change = (from: number, next: RolloutSnapshot, change: RolloutChange) =>
    unlessMoved(this.#database, (transaction) =>
      changeRollout(transaction, from, { next, change }),
    );

  readonly addExecutions = (id: string, from: number, slice: readonly NewExecution[]) =>
    unlessMoved(this.#database, (transaction) => addExecutions(transaction, { id, from }, slice));

  readonly members = (id: string) => membersOf(this.#database, id);

  readonly queued = (id: string, stage: number | null, page: Page & { readonly after: number }) =>
    queuedExecutions(this.#database, id, { stage, ...page });

  readonly due = (id: string, page: Page) => dueExecutions(this.#database, id, page);

  readonly executions = (id: string, query: ExecutionQuery) =>
    executionPage(this.#database, id, query);

  readonly toSettle = (id: string, query: SettleQuery) =>
    executionsToSettle(this.#database, id, query);

  readonly execution = (id: string, device: DeviceId) =>
    executionByDevice(this.#database, id, device);

  readonly openOf = (device: DeviceId, slot: SlotName) =>
    openExecution(this.#database, device, slot);

  readonly advance = (id: string, from: number, changes: readonly StoredChange[]) =>
    unlessMoved(this.#database, (transaction) =>
      advanceExecutions(transaction, { id, from }, changes),
    );

  readonly unavailable = (groupBy: string, groups: readonly string[]) =>
    groupFigures(this.#database, groupBy, groups);

  readonly rateFacts = (id: string, since: RateSpan) => rateFactsOf(this.#database, id, since);

  readonly inFlight = (id: string) => inFlightOf(this.#database, id);

  readonly conflicts = (slot: SlotName, devices: readonly DeviceId[], except: string | null) =>
    conflictingExecutions(this.#database, slot, { devices, except });

  readonly poisoned = (release: Sha256) => poisonOf(this.#database, release);

  readonly failuresOf = (device: DeviceId, sinceMs: number) =>
    failuresOf(this.#database, device, sinceMs);

  readonly takeIdempotencyKey = (key: IdempotencyKey) =>
    this.#database.transaction().execute((transaction) => takeKey(transaction, key));

  readonly answerIdempotencyKey = (key: IdempotencyKey, answer: string) =>
    this.#database.transaction().execute((transaction) => answerKey(transaction, key, answer));

  readonly forgetIdempotencyKey = (key: IdempotencyKey) =>
    this.#database.transaction().execute((transaction) => forgetKey(transaction, key));

  readonly lease = (
    name: string,
    holder: string,
    moment: { readonly nowMs: number; readonly untilMs: number },
  ) =>
    this.#database
      .transaction()
      .execute((transaction) => takeLease(transaction, { name, holder, ...moment }));

  readonly recover = () =>
    this.#database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("leases").execute();
      await forgetUnanswered(transaction);
    });
}
