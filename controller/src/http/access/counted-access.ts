import { isCodedError } from "@modelfleet/protocol";
import { type CanActivate, type ExecutionContext, Inject, Injectable } from "@nestjs/common";
import type { AuditTally } from "../../ports/audit-log.ts";
import { AccessGuard } from "./access-guard.ts";

export const AUDIT_TALLY = Symbol("AuditTally");

/** Whoever is not let in is counted in the audit log, by reason. */
@Injectable()
export class CountedAccess implements CanActivate {
  readonly #guard: AccessGuard;
  readonly #tally: AuditTally;

  constructor(@Inject(AccessGuard) guard: AccessGuard, @Inject(AUDIT_TALLY) tally: AuditTally) {
    this.#guard = guard;
    this.#tally = tally;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      return await this.#guard.canActivate(context);
    } catch (error) {
      if (isCodedError(error)) this.#tally.count({ action: "access.refused", reason: error.code });
      throw error;
    }
  }
}
