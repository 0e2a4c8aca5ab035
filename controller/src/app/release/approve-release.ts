import type { Release, Sha256 } from "@modelfleet/protocol";
import { approve } from "../../domain/access/approve.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { requireRight } from "../access/require-right.ts";
import { knownRelease, seenRelease } from "./known-release.ts";
import { releaseView } from "./release-view.ts";

export interface ApproveReleasePorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly releases: ReleaseStore;
}

/** The second person's word on a release; from then on it can be deployed. Approving it again changes nothing. */
export class ApproveRelease {
  readonly #ports: ApproveReleasePorts;

  constructor(ports: ApproveReleasePorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED | SECOND_PERSON_REQUIRED; NotFoundError RELEASE_UNKNOWN */
  async run(digest: Sha256, caller: Principal): Promise<Release> {
    const record = await seenRelease(this.#ports.releases, digest, caller);
    requireRight(caller, { action: "release.approve", model: record.document.model });
    await this.#approve(record, caller);
    return releaseView(await knownRelease(this.#ports.releases, digest));
  }

  async #approve({ release, document, approval }: ReleaseRecord, caller: Principal): Promise<void> {
    const { clock, log, releases } = this.#ports;
    const nowMs = clock.nowMs();
    const approved = approve(approval, caller, nowMs);
    if (approved.kind === "in-force") return;
    const { model, version } = document;
    const audit = {
      atMs: nowMs,
      actor: caller.id,
      action: "release.approved",
      subject: `release:${release}`,
      detail: { model, version },
    };
    const change = { from: approval, to: approved.approval };
    // Where somebody else was faster, it is in force all the same.
    if (!(await releases.approve(release, change, audit))) return;
    log.info(
      { event: "release.approved", release, model, version, by: caller.id },
      "release approved",
    );
  }
}
