import { type EmbeddedController, localPrincipal } from "@modelfleet/controller/embedded";
import {
  claimLimits,
  DeviceClass,
  DeviceId,
  parseEnrolment,
  sha256,
  type VerifiedRoot,
} from "@modelfleet/protocol";
import { Chance } from "../chance.ts";
import { SIMULATED_CLASS } from "../device/device-identity.ts";
import { type FleetNature, natureOf } from "../device/nature.ts";
import { SimulatedAgent } from "../device/simulated-agent.ts";
import { inLanes } from "../simulated-clock.ts";
import { simulatedSigner } from "../simulated-keys.ts";
import type { FleetBus } from "./fleet-bus.ts";

const WIDTH = 500;
/** Each has a label, so that plans can divide by it. */
const SITES = 20;
const CLAIM_LIFE_MS = 3_600_000;
const PROGRESS_EVERY = 10_000;

export interface BusFleetOptions {
  readonly devices: number;
  readonly seed: string;
  readonly nature: FleetNature;
  readonly bus: FleetBus;
  readonly controller: EmbeddedController;
  /** What every device trusts. */
  readonly root: VerifiedRoot;
  readonly progress: (text: string) => void;
}

/**
 * Agents that are members of the fleet, each with a line to the bus; none has said anything yet. They are put into the
 * store past the enrolment, which is not what is simulated and costs ten milliseconds each.
 */
export async function enrolBusFleet(
  options: BusFleetOptions,
): Promise<ReadonlyMap<DeviceId, SimulatedAgent>> {
  const { devices, controller, progress } = options;
  const { createClaim } = controller.app.useCases;
  const agents: SimulatedAgent[] = [];
  const perSite = Math.min(claimLimits.usesMax, Math.ceil(devices / SITES));
  for (let from = 0; from < devices; from += perSite) {
    const until = Math.min(devices, from + perSite);
    const labels = { site: `site-${Math.floor(from / perSite) + 1}` };
    const claim = { class: SIMULATED_CLASS, uses: perSite, lifeMs: CLAIM_LIFE_MS, labels };
    const { enrolment } = await createClaim.run(claim, localPrincipal);
    const { claimId } = parseEnrolment(enrolment);
    const tasks = Array.from({ length: until - from }, (_, at) => async () => {
      agents[from + at] = await addAgent(options, { number: from + at, claimId, labels });
    });
    await inLanes(
      tasks.map((task) => [task]),
      WIDTH,
    );
    if (until === devices || until % PROGRESS_EVERY === 0) {
      progress(`${until} of ${devices} devices are members`);
    }
  }
  return new Map(agents.map((agent) => [agent.identity.id, agent]));
}

interface Newcomer {
  readonly number: number;
  readonly claimId: string;
  readonly labels: Readonly<Record<string, string>>;
}

async function addAgent(
  { seed, nature, bus, controller, root }: BusFleetOptions,
  { number, claimId, labels }: Newcomer,
): Promise<SimulatedAgent> {
  const name = `sim-${String(number).padStart(6, "0")}`;
  const id = DeviceId.parse(name);
  const signer = simulatedSigner(`${seed}/${name}/key`);
  const { clock } = bus;
  const digest = sha256(signer.publicKey);
  const enrolment = {
    ...{ id, publicKey: signer.publicKey, class: DeviceClass.parse(SIMULATED_CLASS), labels },
    ...{ claimId, messageSha256: digest, isForThisName: false, needsApproval: false },
    ...{ secretSha256: digest, atMs: clock.nowMs() },
  };
  const outcome = await controller.stores.fleet.enrol(enrolment, () => ({
    ...{ atMs: clock.nowMs(), actor: "system", action: "device.enrolled" },
    ...{ subject: `device:${id}`, detail: { claim: claimId } },
  }));
  if (outcome !== "enrolled") throw new RangeError(`expected a new device, it is ${outcome}`);
  const chance = new Chance(`${seed}/${name}`);
  return new SimulatedAgent({
    identity: { id, signer, root, secret: "" },
    nature: natureOf(nature, chance),
    chance,
    time: { nowMs: clock.nowMs, after: (ms, task) => clock.after(ms, number, task) },
    lineTo: bus.lineFor(id, number, chance),
  });
}
