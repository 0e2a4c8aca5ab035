import type { Deployment, DeploymentRequest } from "@modelfleet/protocol";
import { asked, requireApproved } from "../../domain/access/approve.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { deploymentEntry } from "../../domain/deployment/deployment-entry.ts";
import type { DeploymentRecord, DeploymentStore } from "../../ports/deployment-store.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { requireRight } from "../access/require-right.ts";
import { seeableDevice } from "../fleet/changeable-device.ts";
import { namedRelease } from "../release/known-release.ts";
import { type OrderDeploymentPorts, orderDeployment } from "./order-deployment.ts";
import { selectDevices } from "./select-devices.ts";
import { ShowDeployment } from "./show-deployment.ts";

const ID_BYTES = 8;

export interface DeployReleasePorts extends OrderDeploymentPorts {
  readonly deployments: DeploymentStore;
  readonly releases: ReleaseStore;
  /** Every deployment waits until a second person has agreed. */
  readonly rolloutsAwaitApproval?: boolean;
}

type Draft = Omit<DeploymentRecord, "ineligible">;

/**
 * Asks one device, or many, to run a release in a slot: at once, or once a second person has agreed. Until then the
 * wish is stored and nothing is signed for any device.
 */
export class DeployRelease {
  readonly #ports: DeployReleasePorts;
  readonly #show: ShowDeployment;

  constructor(ports: DeployReleasePorts) {
    this.#ports = ports;
    this.#show = new ShowDeployment(ports);
  }

  /** @throws AccessError NOT_PERMITTED | AWAITING_APPROVAL; NotFoundError, DeployError */
  async run(request: DeploymentRequest, caller: Principal): Promise<Deployment> {
    const { fleet, releases, rolloutsAwaitApproval = false } = this.#ports;
    // Before anything is looked up: what else there is of this model, only its deployers are told.
    requireRight(caller, { action: "deployment.create", model: request.model });
    if ("device" in request.target) await seeableDevice(fleet, request.target.device, caller);
    const release = await namedRelease(releases, request.model, request.version);
    requireApproved(release.approval, `release ${request.model}@${request.version}`);
    const draft = this.#draft(request, release, caller);
    if (rolloutsAwaitApproval) await this.#ask(draft, caller);
    else await this.#order(draft, release, caller);
    return this.#show.run(draft.id, caller);
  }

  #draft(request: DeploymentRequest, { release }: ReleaseRecord, caller: Principal): Draft {
    const { clock, rolloutsAwaitApproval = false } = this.#ports;
    return {
      id: Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"),
      release,
      ...request,
      createdAtMs: clock.nowMs(),
      approval: asked(caller, rolloutsAwaitApproval),
      requester: rolloutsAwaitApproval ? caller : null,
    };
  }

  async #ask(draft: Draft, caller: Principal): Promise<void> {
    const { deployments, fleet, log } = this.#ports;
    const behind = [{ who: caller, action: "deployment.create" as const }];
    await selectDevices(fleet, { behind, draft });
    const by = { caller, atMs: draft.createdAtMs };
    await deployments.add(
      { ...draft, ineligible: [] },
      [],
      deploymentEntry("requested", draft, by),
    );
    const { id, model, version } = draft;
    const event = { event: "deployment.requested", deployment: id, model, version, by: caller.id };
    log.info(event, "deployment waits for a second person");
  }

  async #order(draft: Draft, release: ReleaseRecord, caller: Principal): Promise<void> {
    const { deployments, log } = this.#ports;
    const { id, model, version } = draft;
    const devices = await orderDeployment(this.#ports, {
      draft,
      release,
      behind: [{ who: caller, action: "deployment.create" }],
      store: (deployment, assignments) => {
        const detail = {
          assigned: assignments.length,
          ineligible: deployment.ineligible.length,
        };
        const by = { caller, atMs: draft.createdAtMs, detail };
        return deployments.add(deployment, assignments, deploymentEntry("created", draft, by));
      },
    });
    log.info(
      { event: "deployment.created", deployment: id, model, version, devices, by: caller.id },
      "deployment created",
    );
  }
}
