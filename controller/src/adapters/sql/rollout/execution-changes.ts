import { rolloutLimits } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import { isDeviceFailure } from "../../../domain/rollout/device-failure.ts";
import type { ExecutionChange } from "../../../domain/rollout/execution.ts";
import type { DesiredEntry } from "../../../ports/fleet-store.ts";
import type { Schema } from "../schema.ts";
import { progressColumns, RETURNABLE, standingColumns, WANTED } from "./execution-rows.ts";
import {
  changeStanding,
  countOrders,
  type ExecutionBefore,
  executionBefore,
  forgetFailures,
  forgetOrders,
  keepPrevious,
  moveExecution,
  noteFailure,
  noteOrders,
  wishOf,
} from "./execution-statements.ts";
import { Tallies } from "./tallies.ts";

export interface ChangeFacts {
  /** Set with the first order. */
  readonly previous?: DesiredEntry | null | undefined;
  /** The device says that its slot serves. */
  readonly isServing?: boolean;
}

/**
 * Changes of executions in one transaction, with all that is counted: tallies, orders, failures. What is counted is
 * written by `write`, once.
 */
export class ExecutionChanges {
  readonly #transaction: Transaction<Schema>;
  readonly #tallies = new Tallies();
  readonly #orders = new Map<string, { count: number; atMs: number }>();

  constructor(transaction: Transaction<Schema>) {
    this.#transaction = transaction;
  }

  /** @returns false when its version has moved; then nothing has changed */
  async store(
    before: ExecutionBefore,
    { next, steps }: ExecutionChange,
    { previous, isServing = false }: ChangeFacts = {},
  ): Promise<boolean> {
    const { rollout, device, version, wanted } = before;
    const hasFailed = steps.some(isDeviceFailure);
    const isUnwell =
      !isServing && (hasFailed || before.is_unwell === 1) && next.state !== "succeeded";
    const progress = progressColumns(next);
    const moved = { rollout, device, version, ...progress };
    if ((await moveExecution.run(this.#transaction, moved)) !== 1) return false;
    await this.#stand(before, standingColumns(next.state, { isUnwell, wanted }));
    if (previous !== undefined) {
      const text = previous === null ? null : JSON.stringify(previous);
      await keepPrevious.run(this.#transaction, { rollout, device, previous: text });
    }
    this.#tallies.leave(rollout, before);
    this.#tallies.enter(rollout, { ...before, state: next.state, code: next.code });
    if (hasFailed) await this.#fail(before, next.changedAtMs, next.attempts);
    if (steps.some(({ to }) => to === "offered")) this.#order(rollout, next.offeredAtMs);
    return true;
  }

  /** What a slot is told to run comes of another deployment or rollout from now on; null: of none. */
  async want(device: string, slot: string, deployment: string | null): Promise<void> {
    const before = await wishOf.first(this.#transaction, { device, slot });
    if (before !== undefined && before.deployment !== deployment) {
      await this.#setWanted(before.deployment, device, false);
    }
    if (deployment !== null) await this.#setWanted(deployment, device, true);
  }

  async write(): Promise<void> {
    await this.#tallies.write(this.#transaction);
    for (const [rollout, { count, atMs }] of this.#orders) {
      const beforeMs = atMs - rolloutLimits.rateSpanMs;
      await countOrders.run(this.#transaction, { rollout, count });
      await noteOrders.run(this.#transaction, { rollout, at_ms: atMs, count });
      await forgetOrders.run(this.#transaction, { rollout, before: beforeMs });
    }
    this.#orders.clear();
  }

  /** Of a deployment that is no rollout, nothing is found. */
  async #setWanted(rollout: string, device: string, isWanted: boolean): Promise<void> {
    const before = await executionBefore.first(this.#transaction, { rollout, device });
    if (before === undefined) return;
    const wanted = isWanted ? wantedKind(before) : 0;
    if (wanted === before.wanted) return;
    const standing = { isUnwell: before.is_unwell === 1, wanted };
    await this.#stand(before, standingColumns(before.state, standing));
    this.#tallies.leave(rollout, before);
    this.#tallies.enter(rollout, { ...before, wanted });
  }

  /** Seldom anything new; and every index it is in would be written. */
  async #stand(before: ExecutionBefore, after: ReturnType<typeof standingColumns>): Promise<void> {
    const { rollout, device } = before;
    const isSame =
      after.is_heeded === before.is_heeded &&
      after.is_unwell === before.is_unwell &&
      after.wanted === before.wanted;
    if (!isSame) await changeStanding.run(this.#transaction, { rollout, device, ...after });
  }

  /** For the penalty box, as far back as any plan looks. */
  async #fail({ rollout, device }: ExecutionBefore, atMs: number, attempt: number): Promise<void> {
    await noteFailure.run(this.#transaction, { rollout, device, at_ms: atMs, attempt });
    const beforeMs = atMs - 2 * rolloutLimits.penaltyMsMax;
    await forgetFailures.run(this.#transaction, { device, before: beforeMs });
  }

  #order(rollout: string, atMs: number | null): void {
    if (atMs === null) return;
    const known = this.#orders.get(rollout);
    this.#orders.set(rollout, { count: (known?.count ?? 0) + 1, atMs });
  }
}

function wantedKind({ previous }: ExecutionBefore): number {
  return previous === null ? WANTED : RETURNABLE;
}
