import { type AuditEvent, type RolloutEvent, rolloutLimits } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { rolloutSubject } from "../../domain/rollout/rollout-entry.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import { seenRollout } from "./known-rollout.ts";

/** What happened above a sequence number, oldest first, at most `rolloutLimits.eventsPerPollMax`; none: the end so far. */
export type ReadEvents = (after: number) => Promise<readonly RolloutEvent[]>;

/** What happens in a rollout, as the audit log has it. */
export class FollowRollout {
  readonly #ports: { readonly audit: AuditLog; readonly rollouts: RolloutStore };

  constructor(ports: { readonly audit: AuditLog; readonly rollouts: RolloutStore }) {
    this.#ports = ports;
  }

  /** @throws NotFoundError ROLLOUT_UNKNOWN */
  async run(id: string, caller: Principal): Promise<ReadEvents> {
    const { audit, rollouts } = this.#ports;
    await seenRollout(rollouts, id, caller);
    const subject = rolloutSubject(id);
    return async (after) => {
      const events = await audit.pageOf(subject, after, rolloutLimits.eventsPerPollMax);
      return events.map(eventView);
    };
  }

  /** Sequence number that only what happens from now on is above. */
  async newest(): Promise<number> {
    return (await this.#ports.audit.newest())?.seq ?? 0;
  }
}

function eventView({ seq, atMs, actor, action, detail }: AuditEvent): RolloutEvent {
  return { seq, atMs, actor, action, detail };
}
