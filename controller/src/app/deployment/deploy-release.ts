import {
  controllerLimits,
  type Deployment,
  type DeploymentRequest,
  type DeploymentTarget,
  documentLimits,
  type TargetCatalog,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { assessDevice } from "../../domain/deployment/assess-device.ts";
import { DeployError } from "../../domain/errors.ts";
import { desiredModels, withSlot } from "../../domain/fleet/desired-models.ts";
import { matchesLabels } from "../../domain/fleet/matches-labels.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  Assignment,
  DeploymentRecord,
  DeploymentStore,
} from "../../ports/deployment-store.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { knownDevice } from "../fleet/known-device.ts";
import { namedRelease } from "../release/known-release.ts";
import { ShowDeployment } from "./show-deployment.ts";
import { signDesired } from "./sign-desired.ts";

const ID_BYTES = 8;

export interface DeployReleasePorts {
  readonly bus: DeviceBus;
  readonly catalog: TargetCatalog;
  readonly clock: Clock;
  readonly deployments: DeploymentStore;
  readonly fleet: FleetStore;
  readonly keys: Keys;
  readonly log: EventLog;
  readonly releases: ReleaseStore;
}

/**
 * Asks one device, or many, to run a release in a slot. Rules:
 *
 * 1. Each device is assessed; an ineligible one is listed with everything that stands in the way, and left alone.
 * 2. The deployment and every new desired document are stored together or not at all; when a device's sequence has
 *    moved meanwhile, all is planned and signed again.
 * 3. Documents are published after the commit. A device that misses it asks for it (protocol.md 4).
 */
export class DeployRelease {
  readonly #ports: DeployReleasePorts;
  readonly #show: ShowDeployment;

  constructor(ports: DeployReleasePorts) {
    this.#ports = ports;
    this.#show = new ShowDeployment(ports);
  }

  /** @throws NotFoundError, DeployError */
  async run(request: DeploymentRequest, caller: Principal): Promise<Deployment> {
    const { releases, log } = this.#ports;
    const release = await namedRelease(releases, request.model, request.version);
    const { id, assignments } = await this.#store(request, release, caller);
    await this.#publish(assignments);
    const { model, version } = request;
    const devices = assignments.length;
    log.info(
      { event: "deployment.created", deployment: id, model, version, devices, by: caller.id },
      "deployment created",
    );
    return this.#show.run(id);
  }

  /** Rule 2. */
  async #store(request: DeploymentRequest, release: ReleaseRecord, caller: Principal) {
    for (let attempt = 0; attempt < controllerLimits.desiredAttemptsMax; attempt++) {
      const devices = await this.#select(request.target);
      const { deployment, assignments } = await this.#plan(request, release, devices);
      const audit = created(deployment, assignments.length, caller);
      if (await this.#ports.deployments.add(deployment, assignments, audit)) {
        return { id: deployment.id, assignments };
      }
    }
    throw new DeployError(
      "BUSY",
      "the desired state of these devices changes all the time: try again",
    );
  }

  /** @throws NotFoundError DEVICE_UNKNOWN @throws DeployError SELECTION_EMPTY */
  async #select(target: DeploymentTarget): Promise<readonly DeviceRecord[]> {
    const { fleet } = this.#ports;
    if ("device" in target) return [await knownDevice(fleet, target.device)];
    const wanted = "labels" in target ? target.labels : {};
    const selected = (await fleet.devices()).filter(({ labels }) => matchesLabels(labels, wanted));
    if (selected.length > 0) return selected;
    const asked = Object.entries(wanted).map(([key, value]) => `${key}=${value}`);
    throw new DeployError(
      "SELECTION_EMPTY",
      `expected at least one device${asked.length > 0 ? ` with ${asked.join(", ")}` : ""}, got none: see modelfleet device list`,
    );
  }

  /** Rule 1. */
  async #plan(
    request: DeploymentRequest,
    release: ReleaseRecord,
    devices: readonly DeviceRecord[],
  ) {
    const { clock, catalog } = this.#ports;
    const assessed = devices.map((device) => ({
      device,
      reasons: assessDevice(catalog, device, release),
    }));
    const { model, version, slot, target } = request;
    const deployment: DeploymentRecord = {
      id: Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"),
      release: release.release,
      model,
      version,
      slot,
      target,
      createdAtMs: clock.nowMs(),
      ineligible: assessed
        .filter(({ reasons }) => reasons.length > 0)
        .map(({ device, reasons }) => ({ device: device.id, reasons })),
    };
    const assignments: Assignment[] = [];
    for (const { device, reasons } of assessed) {
      if (reasons.length === 0) assignments.push(await this.#assign(device, deployment, release));
    }
    return { deployment, assignments };
  }

  async #assign(
    device: DeviceRecord,
    deployment: DeploymentRecord,
    release: ReleaseRecord,
  ): Promise<Assignment> {
    const entry = {
      slot: deployment.slot,
      release: release.release,
      model: deployment.model,
      version: deployment.version,
      envelopeSize: release.envelope.length,
      deployment: deployment.id,
    };
    const slots = withSlot(device.desired.slots, entry);
    if (slots.length > documentLimits.modelsPerDesiredMax) {
      throw new DeployError(
        "MODELS_TOO_MANY",
        `expected at most ${documentLimits.modelsPerDesiredMax} slots on ${device.id}, got ${slots.length}: use a slot it has`,
      );
    }
    const document = await signDesired(this.#ports, {
      device: device.id,
      storedSeq: device.desired.seq,
      reportedSeq: device.reportedSeq,
      models: desiredModels(slots),
    });
    return { ...document, device: device.id, entry };
  }

  /** Rule 3. */
  async #publish(assignments: readonly Assignment[]): Promise<void> {
    for (const { device, envelope } of assignments) {
      try {
        await this.#ports.bus.publishDesired(device, envelope);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#ports.log.warn({ event: "desired.not-sent", device, reason }, "desired not sent");
      }
    }
  }
}

function created(deployment: DeploymentRecord, assigned: number, caller: Principal): AuditEntry {
  const { id, release, model, version, slot, target, createdAtMs, ineligible } = deployment;
  return {
    atMs: createdAtMs,
    actor: caller.id,
    action: "deployment.created",
    subject: `deployment:${id}`,
    detail: {
      ...{ release, model, version, slot, assigned },
      target: JSON.stringify(target),
      ineligible: ineligible.length,
    },
  };
}
