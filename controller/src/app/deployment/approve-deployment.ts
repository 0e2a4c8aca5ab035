import type { Deployment } from "@modelfleet/protocol";
import { approve, requireApproved } from "../../domain/access/approve.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { deploymentEntry } from "../../domain/deployment/deployment-entry.ts";
import type { StoredDeployment } from "../../ports/deployment-store.ts";
import { requireRight } from "../access/require-right.ts";
import { knownRelease } from "../release/known-release.ts";
import type { DeployReleasePorts } from "./deploy-release.ts";
import { knownDeployment } from "./known-deployment.ts";
import { orderDeployment } from "./order-deployment.ts";
import { ShowDeployment } from "./show-deployment.ts";

/**
 * The second person's word on a deployment. Only now devices are selected and their documents signed; both people need
 * the right over every device it then meets. Approving again what is in force changes nothing.
 */
export class ApproveDeployment {
  readonly #ports: DeployReleasePorts;
  readonly #show: ShowDeployment;

  constructor(ports: DeployReleasePorts) {
    this.#ports = ports;
    this.#show = new ShowDeployment(ports);
  }

  /**
   * @throws NotFoundError DEPLOYMENT_UNKNOWN, also for one the caller may not see
   * @throws AccessError NOT_PERMITTED | SECOND_PERSON_REQUIRED | AWAITING_APPROVAL; DeployError
   */
  async run(id: string, caller: Principal): Promise<Deployment> {
    const { deployments, clock } = this.#ports;
    const stored = await knownDeployment(deployments, id);
    await this.#show.run(id, caller);
    requireRight(caller, { action: "deployment.approve", model: stored.model });
    const approved = approve(stored.approval, caller, clock.nowMs());
    if (approved.kind === "given") {
      await this.#order({ ...stored, approval: approved.approval }, stored.approval, caller);
    }
    return this.#show.run(id, caller);
  }

  async #order(
    { devices: _none, ...draft }: StoredDeployment,
    from: StoredDeployment["approval"],
    caller: Principal,
  ): Promise<void> {
    const { clock, deployments, releases, log } = this.#ports;
    const release = await knownRelease(releases, draft.release);
    const { id, model, version, requester } = draft;
    requireApproved(release.approval, `release ${model}@${version}`);
    const asker =
      requester === null ? [] : [{ who: requester, action: "deployment.create" as const }];
    const devices = await orderDeployment(this.#ports, {
      draft,
      release,
      behind: [{ who: caller, action: "deployment.approve" }, ...asker],
      store: (deployment, assignments) => {
        const detail = { assigned: assignments.length, ineligible: deployment.ineligible.length };
        const by = { caller, atMs: clock.nowMs(), detail };
        const audit = deploymentEntry("approved", draft, by);
        return deployments.approve({ from, deployment, assignments }, audit);
      },
    });
    log.info(
      { event: "deployment.approved", deployment: id, model, version, devices, by: caller.id },
      "deployment approved",
    );
  }
}
