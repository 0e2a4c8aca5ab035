import type { Labels, Rollout, RolloutRequest } from "@modelfleet/protocol";
import { asked, requireApproved } from "../../domain/access/approve.ts";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { AccessError, RolloutError } from "../../domain/errors.ts";
import { matchesLabels } from "../../domain/fleet/matches-labels.ts";
import { checkPlan } from "../../domain/rollout/pacing/check-plan.ts";
import type { RolloutRecord } from "../../domain/rollout/rollout.ts";
import { rolloutEntry } from "../../domain/rollout/rollout-entry.ts";
import type { ReleaseRecord } from "../../ports/release-store.ts";
import type { IdempotencyKey, PoisonRecord } from "../../ports/rollout-store.ts";
import { requireRight } from "../access/require-right.ts";
import { namedRelease } from "../release/known-release.ts";
import { everyDevice } from "./every-device.ts";
import { rolloutConflicts } from "./rollout-conflicts.ts";
import type { RolloutPorts } from "./rollout-ports.ts";
import { rolloutView } from "./rollout-view.ts";

const ID_BYTES = 8;
const SEED_BYTES = 32;

export interface CreateRolloutPorts extends RolloutPorts {
  /** Every rollout waits until a second person has agreed, whatever its plan says. */
  readonly rolloutsAwaitApproval?: boolean;
}

/** Stores a rollout. What it brings about is done by its engine, once it is started. */
export class CreateRollout {
  readonly #ports: CreateRolloutPorts;

  constructor(ports: CreateRolloutPorts) {
    this.#ports = ports;
  }

  /**
   * @param key of the call, taken: its answer is this rollout
   * @throws AccessError NOT_PERMITTED | AWAITING_APPROVAL; NotFoundError; RolloutError PLAN_INVALID | TARGET_EMPTY | CONFLICT | POISONED
   */
  async run(request: RolloutRequest, caller: Principal, key?: IdempotencyKey): Promise<Rollout> {
    const { calendar, releases, rollouts } = this.#ports;
    requireRight(caller, { action: "rollout.create", model: request.model });
    checkPlan(request.plan, calendar);
    const release = await namedRelease(releases, request.model, request.version);
    requireApproved(release.approval, `release ${request.model}@${request.version}`);
    const poison = await this.#poisonOf(request, release);
    const scope = await this.#scopeOf(request, caller);
    const rollout = this.#record(request, { release, caller, scope });
    await rollouts.add(rollout, this.#entries(rollout, { request, caller, poison }), key);
    this.#ports.wake(rollout.id);
    return rolloutView({ rollout, stages: [], waitingJoiners: 0, leftToSettle: 0 });
  }

  /** @throws RolloutError POISONED */
  async #poisonOf(
    { model, version, overridePoisoned }: RolloutRequest,
    { release }: ReleaseRecord,
  ): Promise<PoisonRecord | undefined> {
    const poison = await this.#ports.rollouts.poisoned(release);
    if (poison === undefined || overridePoisoned !== undefined) return poison;
    throw new RolloutError(
      "POISONED",
      `${model}@${version} was rolled back by rollout ${poison.rollout} (${poison.reason}): publish a better one, or say why with --override-poisoned REASON`,
    );
  }

  /**
   * One grant covers every device it selects: whoever commands the rollout later is asked for that grant, and a device
   * that comes to be selected later must lie in it.
   *
   * @throws AccessError NOT_PERMITTED; RolloutError TARGET_EMPTY | CONFLICT
   */
  async #scopeOf({ plan, model }: RolloutRequest, caller: Principal): Promise<Labels> {
    const devices = await everyDevice(this.#ports, plan.select);
    if (devices.length === 0) {
      throw new RolloutError(
        "TARGET_EMPTY",
        "expected a selector that chooses at least one active device, got one that chooses none: see modelfleet device list",
      );
    }
    const scopes = caller.grants
      .filter((grant) =>
        permits({ ...caller, grants: [grant] }, { action: "rollout.create", model }),
      )
      .map(({ labels }) => labels)
      .toSorted((left, right) => Object.keys(left).length - Object.keys(right).length);
    const scope = scopes.find((labels) =>
      devices.every((device) => matchesLabels(device.labels, labels)),
    );
    if (scope === undefined) {
      throw new AccessError(
        "NOT_PERMITTED",
        `expected one grant of rollout.create over model ${model} and every device that is selected, ${caller.id} has none: narrow the selector, or ask an admin for a key with that role`,
      );
    }
    await rolloutConflicts(this.#ports, { plan, devices, except: null });
    return scope;
  }

  #record(
    { model, version, plan, start, startAtMs }: RolloutRequest,
    {
      release,
      caller,
      scope,
    }: { readonly release: ReleaseRecord; readonly caller: Principal; readonly scope: Labels },
  ): RolloutRecord {
    const { clock, rolloutsAwaitApproval = false } = this.#ports;
    const hex = (bytes: number) => Buffer.from(clock.randomBytes(bytes)).toString("hex");
    return {
      id: hex(ID_BYTES),
      version: 1,
      model,
      modelVersion: version,
      release: release.release,
      plan,
      seed: hex(SEED_BYTES),
      state: start ? "validating" : "draft",
      paused: null,
      detail: null,
      abort: null,
      approval: asked(caller, plan.approval || rolloutsAwaitApproval),
      createdBy: caller.id,
      scope,
      createdAtMs: clock.nowMs(),
      startAtMs: startAtMs ?? null,
      startedAtMs: null,
      endedAtMs: null,
      watchUntilMs: null,
      devices: 0,
      control: 0,
    };
  }

  #entries(
    rollout: RolloutRecord,
    {
      request: { overridePoisoned },
      caller,
      poison,
    }: {
      readonly request: RolloutRequest;
      readonly caller: Principal;
      readonly poison: PoisonRecord | undefined;
    },
  ): readonly AuditEntry[] {
    const by = { atMs: rollout.createdAtMs, actor: caller.id };
    const { plan, state } = rollout;
    const detail = { select: plan.select, slot: plan.slot, stages: plan.stages.length, state };
    const created = rolloutEntry("rollout.created", rollout, { ...by, detail });
    if (poison === undefined || overridePoisoned === undefined) return [created];
    const override = { reason: overridePoisoned.reason, rolledBackBy: poison.rollout };
    return [
      created,
      rolloutEntry("rollout.poison-overridden", rollout, { ...by, detail: override }),
    ];
  }
}
