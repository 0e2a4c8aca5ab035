import {
  ClaimCreated,
  decodeBase64,
  EnrolResponse,
  openCredential,
  openPinnedRoot,
  parseEnrolment,
} from "@modelfleet/protocol";
import { nonceOf, SimulatedDevice } from "../controller/simulated-device.ts";
import type { InProcessController } from "./test-controller.ts";

export interface EnrolledDevice {
  readonly device: SimulatedDevice;
  readonly secret: string;
  /** `Authorization` for the routes of devices. */
  readonly authorization: string;
}

export interface EnrolOptions {
  /** Of whoever makes the claim. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Makes a claim and enrols a device with it, over the API alone. */
export async function enrolDevice(
  controller: Pick<InProcessController, "post">,
  id = "cam-1",
  { headers = {}, labels = {} }: EnrolOptions = {},
): Promise<EnrolledDevice> {
  const claim = await controller.post("/v1/claims", { class: "cam-v2", labels }, headers);
  const { enrolment } = ClaimCreated.parse(await claim.json());
  const device = new SimulatedDevice(id);
  const answer = await controller.post("/v1/enrol", device.enrolRequest(enrolment));
  const response = EnrolResponse.parse(await answer.json());
  if (!("credential" in response)) throw new Error("expected a credential");
  const { root, credential } = response;
  const pinned = openPinnedRoot(bytesOf(root), parseEnrolment(enrolment).rootSha256);
  const { secret } = openCredential(pinned, bytesOf(credential), nonceOf(1));
  return { device, secret, authorization: basic(id, secret) };
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

function bytesOf(base64: string): Uint8Array {
  const bytes = decodeBase64(base64);
  if (bytes === undefined) throw new Error("expected base64");
  return bytes;
}
