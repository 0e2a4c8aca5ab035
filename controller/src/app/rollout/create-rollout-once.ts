import { type Rollout, type RolloutRequest, type Sha256, sha256 } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { RolloutError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { IdempotencyKey, RolloutStore } from "../../ports/rollout-store.ts";
import type { CreateRollout } from "./create-rollout.ts";
import type { ShowRollout } from "./show-rollout.ts";

export interface CreateOncePorts {
  readonly clock: Clock;
  readonly rollouts: RolloutStore;
  readonly create: CreateRollout;
  readonly show: ShowRollout;
}

/** Looks at a key: the first call may have come to its end, or to nothing, between two of them. */
const LOOKS_MAX = 3;

/**
 * Creates a rollout for a caller who may ask twice, because he does not know whether the first time was heard. Rules:
 *
 * 1. The same key and body: the same rollout, as it is now. While the first call is under way here, its own answer.
 * 2. The same key and another body: refused.
 * 3. A call that was refused takes no key: whoever mends what was wrong may ask again.
 */
export class CreateRolloutOnce {
  readonly #ports: CreateOncePorts;
  readonly #underWay = new Map<string, Promise<Rollout>>();

  constructor(ports: CreateOncePorts) {
    this.#ports = ports;
  }

  /**
   * @param key undefined: the caller asks once
   * @throws RolloutError KEY_REUSED | BUSY and what `CreateRollout` throws
   */
  async run(request: RolloutRequest, caller: Principal, key?: string): Promise<Rollout> {
    const { clock, create, rollouts, show } = this.#ports;
    if (key === undefined) return create.run(request, caller);
    const bodySha256 = digestOf(request);
    const place = JSON.stringify([caller.id, key]);
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      const asked = { caller: caller.id, key, bodySha256, atMs: clock.nowMs() };
      const known = await rollouts.takeIdempotencyKey(asked);
      if (known === undefined) return this.#first(place, this.#create(request, caller, asked));
      if (known.kind === "other-body") throw reused(key);
      if (known.answer !== null) return show.run(known.answer, caller);
      const underWay = this.#underWay.get(place);
      if (underWay !== undefined) return underWay;
    }
    throw new RolloutError("BUSY", "the first call with this key is under way: try again");
  }

  async #first(place: string, created: Promise<Rollout>): Promise<Rollout> {
    this.#underWay.set(place, created);
    try {
      return await created;
    } finally {
      this.#underWay.delete(place);
    }
  }

  /** Rule 3. */
  async #create(
    request: RolloutRequest,
    caller: Principal,
    asked: IdempotencyKey,
  ): Promise<Rollout> {
    try {
      return await this.#ports.create.run(request, caller, asked);
    } catch (error) {
      await this.#ports.rollouts.forgetIdempotencyKey(asked);
      throw error;
    }
  }
}

/**
 * Of what was understood: a parsed request has its members in the order of the schema, and its defaults written out. So
 * neither makes another body.
 */
function digestOf(request: RolloutRequest): Sha256 {
  return sha256(Buffer.from(JSON.stringify(request)));
}

function reused(key: string): RolloutError {
  return new RolloutError(
    "KEY_REUSED",
    `expected the body that was first sent with Idempotency-Key ${key.slice(0, 64)}, got another: take a new key`,
  );
}
