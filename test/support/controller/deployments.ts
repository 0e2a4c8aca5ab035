import {
  type Deployment,
  DeploymentRequest,
  DesiredDocument,
  decodeEnvelope,
} from "@modelfleet/protocol";
import { localPrincipal } from "../../../controller/src/domain/access/principal.ts";
import type { ControllerWorld } from "./controller-world.ts";

/** What `published` has published, to all devices. */
export const everywhere = { model: "vision.defects", version: "1.0.0", target: { all: true } };

/** Deploys it to all devices, unless changed. */
export function deployed(world: ControllerWorld, changes: object = {}): Promise<Deployment> {
  const request = DeploymentRequest.parse({ ...everywhere, ...changes });
  return world.deploy.run(request, localPrincipal);
}

/** What was sent last to a device, and the document in it. */
export function lastDesired(world: ControllerWorld) {
  const sent = world.bus.desired.at(-1);
  if (sent === undefined) throw new Error("expected a desired document on the bus");
  const text = new TextDecoder().decode(decodeEnvelope(sent.envelope).payload);
  return { ...sent, document: DesiredDocument.parse(JSON.parse(text)) };
}
