import { type EmbeddedController, localPrincipal } from "@modelfleet/controller/embedded";
import {
  claimLimits,
  DeviceClass,
  DeviceId,
  parseEnrolment,
  type Signer,
  sha256,
} from "@modelfleet/protocol";
import { SIMULATED_CLASS } from "./device/device-identity.ts";
import { inLanes } from "./simulated-clock.ts";
import { simulatedSigner } from "./simulated-keys.ts";

const WIDTH = 500;
/** Each has a label, so that plans can divide by it. */
const SITES = 20;
const CLAIM_LIFE_MS = 3_600_000;
const PROGRESS_EVERY = 10_000;

/** A device of a simulated fleet, as its seed and its number make it. */
export interface SimulatedMember {
  readonly number: number;
  readonly id: DeviceId;
  readonly signer: Signer;
  /** Its password at the broker. */
  readonly secret: string;
}

export function simulatedMember(seed: string, number: number): SimulatedMember {
  const id = DeviceId.parse(`sim-${String(number).padStart(6, "0")}`);
  const secret = sha256(Buffer.from(`${seed}/${id}/secret`));
  return { number, id, secret, signer: simulatedSigner(`${seed}/${id}/key`) };
}

export interface MembersWish {
  readonly devices: number;
  readonly seed: string;
  readonly progress: (text: string) => void;
}

/**
 * Puts devices into the store of a controller, past the enrolment: that is not what is simulated, costs ten milliseconds
 * each and is let happen five times a second only.
 */
export async function addMembers(
  { app, stores }: EmbeddedController,
  { devices, seed, progress }: MembersWish,
): Promise<readonly SimulatedMember[]> {
  const members: SimulatedMember[] = [];
  const perSite = Math.min(claimLimits.usesMax, Math.ceil(devices / SITES));
  for (let from = 0; from < devices; from += perSite) {
    const until = Math.min(devices, from + perSite);
    const labels = { site: `site-${Math.floor(from / perSite) + 1}` };
    const claim = { class: SIMULATED_CLASS, uses: perSite, lifeMs: CLAIM_LIFE_MS, labels };
    const { enrolment } = await app.useCases.createClaim.run(claim, localPrincipal);
    const { claimId } = parseEnrolment(enrolment);
    const lanes = Array.from({ length: until - from }, (_, at) => [
      async () => {
        const member = simulatedMember(seed, from + at);
        members[from + at] = member;
        await addMember(stores, member, { claimId, labels });
      },
    ]);
    await inLanes(lanes, WIDTH);
    if (until === devices || until % PROGRESS_EVERY === 0) {
      progress(`${until} of ${devices} devices are members`);
    }
  }
  return members;
}

interface Membership {
  readonly claimId: string;
  readonly labels: Readonly<Record<string, string>>;
}

async function addMember(
  { fleet }: EmbeddedController["stores"],
  { id, signer, secret }: SimulatedMember,
  { claimId, labels }: Membership,
): Promise<void> {
  const atMs = 1;
  const enrolment = {
    ...{ id, publicKey: signer.publicKey, class: DeviceClass.parse(SIMULATED_CLASS), labels },
    ...{
      claimId,
      messageSha256: sha256(signer.publicKey),
      secretSha256: sha256(Buffer.from(secret)),
    },
    ...{ isForThisName: false, needsApproval: false, atMs },
  };
  const outcome = await fleet.enrol(enrolment, () => ({
    ...{ atMs, actor: "system", action: "device.enrolled" },
    ...{ subject: `device:${id}`, detail: { claim: claimId } },
  }));
  if (outcome !== "enrolled") throw new RangeError(`expected a new device, it is ${outcome}`);
}
