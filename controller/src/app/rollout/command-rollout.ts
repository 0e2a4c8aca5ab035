import type { Rollout } from "@modelfleet/protocol";
import type { Action } from "../../domain/access/actions.ts";
import { approve } from "../../domain/access/approve.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { RolloutError } from "../../domain/errors.ts";
import { commandRollout } from "../../domain/rollout/machine/command-rollout.ts";
import type { RolloutCommand, RolloutSnapshot } from "../../domain/rollout/rollout.ts";
import { rolloutEntry } from "../../domain/rollout/rollout-entry.ts";
import type { RolloutChange } from "../../ports/rollout-store.ts";
import { requireRollout, seenRollout } from "./known-rollout.ts";
import { refuseConflicts, refusePoisoned } from "./may-begin.ts";
import { retryExecutions } from "./retry-executions.ts";
import type { RolloutPorts } from "./rollout-ports.ts";
import { rolloutView } from "./rollout-view.ts";

/** What a person may say; the approval itself is made here. */
export type RolloutWord =
  | Exclude<RolloutCommand, { readonly kind: "approve" }>
  | { readonly kind: "approve"; readonly reason: string };

export interface RolloutWordRequest {
  readonly id: string;
  readonly word: RolloutWord;
  /** The version the caller has seen; undefined: whatever it is. */
  readonly ifVersion: number | undefined;
  readonly caller: Principal;
}

const actions: Readonly<Record<RolloutWord["kind"], Action>> = {
  start: "rollout.create",
  approve: "rollout.approve",
  deny: "rollout.approve",
  pause: "rollout.control",
  resume: "rollout.control",
  promote: "rollout.control",
  abort: "rollout.control",
  rollback: "rollout.control",
  "retry-failed": "rollout.control",
};

/** A person's word on a rollout. It is stored before the answer; what follows from it is done by the engine. */
export class CommandRollout {
  readonly #ports: RolloutPorts;

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
  }

  /**
   * @throws NotFoundError ROLLOUT_UNKNOWN; AccessError NOT_PERMITTED | SECOND_PERSON_REQUIRED
   * @throws RolloutError STALE | ROLLOUT_STATE | CONFLICT | POISONED
   */
  async run(request: RolloutWordRequest): Promise<Rollout> {
    const { lanes, wake } = this.#ports;
    const changed = await lanes.run(request.id, () => this.#say(request));
    wake(request.id);
    return rolloutView(changed);
  }

  async #say({ id, word, ifVersion, caller }: RolloutWordRequest): Promise<RolloutSnapshot> {
    const { clock, log, rollouts } = this.#ports;
    const snapshot = await seenRollout(rollouts, id, caller);
    const { rollout } = snapshot;
    requireRollout(caller, actions[word.kind], rollout);
    if (ifVersion !== undefined && ifVersion !== rollout.version) throw stale(rollout.version);
    if (word.kind === "start") {
      await refusePoisoned(this.#ports, rollout);
      await refuseConflicts(this.#ports, rollout);
    }
    const nowMs = clock.nowMs();
    const command = commandOf(snapshot, word, { caller, nowMs });
    const answer = commandRollout(snapshot, command, nowMs);
    if (answer.kind === "refused") throw new RolloutError("ROLLOUT_STATE", answer.sentence);
    const change = this.#change(snapshot, { word, caller, nowMs });
    if (!(await rollouts.change(rollout.version, answer.snapshot, change))) throw moved();
    const said = { event: `rollout.${word.kind}`, rollout: id, by: caller.id, reason: word.reason };
    log.info(said, "a person has decided about a rollout");
    const stored = await seenRollout(rollouts, id, caller);
    if (word.kind === "retry-failed") await retryExecutions(this.#ports, stored, caller);
    return stored;
  }

  #change(
    { rollout }: RolloutSnapshot,
    said: { readonly word: RolloutWord; readonly caller: Principal; readonly nowMs: number },
  ): RolloutChange {
    const { word, caller, nowMs } = said;
    const { reason } = word;
    const detail = { reason, ...(word.kind === "abort" ? { devices: word.devices } : {}) };
    const written = { atMs: nowMs, actor: caller.id, detail };
    const audit = [rolloutEntry(`rollout.${happened[word.kind]}`, rollout, written)];
    if (word.kind !== "rollback") return { audit };
    const { release, id } = rollout;
    return { audit, poison: { release, rollout: id, reason, atMs: nowMs } };
  }
}

const happened: Readonly<Record<RolloutWord["kind"], string>> = {
  start: "started",
  approve: "approved",
  deny: "denied",
  pause: "paused",
  resume: "resumed",
  promote: "promoted",
  abort: "aborted",
  rollback: "rolled-back-by",
  "retry-failed": "retried",
};

/** @throws AccessError SECOND_PERSON_REQUIRED */
function commandOf(
  { rollout }: RolloutSnapshot,
  word: RolloutWord,
  by: { readonly caller: Principal; readonly nowMs: number },
): RolloutCommand {
  if (word.kind !== "approve") return word;
  const approved = approve(rollout.approval, by.caller, by.nowMs);
  const approval = approved.kind === "given" ? approved.approval : rollout.approval;
  return { ...word, approval };
}

function stale(version: number): RolloutError {
  return new RolloutError(
    "STALE",
    `expected the version of the rollout as it is now, ${version}: look at it again, then decide`,
  );
}

function moved(): RolloutError {
  return new RolloutError("BUSY", "the rollout has changed meanwhile: try again");
}
