import { type ApiKeyCreated, accessLimits } from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import { type MakeKeyPorts, makeKey } from "./make-key.ts";

/** The key everything else begins with: for a controller that never had one, or whose keys are all lost. */
export class MakeAdminKey {
  readonly #ports: MakeKeyPorts;

  constructor(ports: MakeKeyPorts) {
    this.#ports = ports;
  }

  /** @returns undefined when there was ever a key here: then somebody holds one, or recovers it at the machine */
  async first(): Promise<ApiKeyCreated | undefined> {
    if (await this.#ports.access.hasKeys()) return undefined;
    return this.#make("first admin");
  }

  /** For whoever sits at the controller's machine while it stands still. */
  recover(): Promise<ApiKeyCreated> {
    return this.#make("recovered admin");
  }

  #make(name: string): Promise<ApiKeyCreated> {
    const grants = [{ role: "admin" as const, models: ["*"], labels: {} }];
    const request = { name, grants, lifeMs: accessLimits.keyLifeMsMax };
    return makeKey(this.#ports, request, systemPrincipal);
  }
}
