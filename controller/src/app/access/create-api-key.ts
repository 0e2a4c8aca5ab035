import { type ApiKeyCreated, type ApiKeyRequest, accessLimits } from "@modelfleet/protocol";
import { mayGive } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { AccessError } from "../../domain/errors.ts";
import { type MakeKeyPorts, makeKey } from "./make-key.ts";

/** A key for somebody or something that calls the API. Nobody can give more than he has. */
export class CreateApiKey {
  readonly #ports: MakeKeyPorts;

  constructor(ports: MakeKeyPorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED | API_KEYS_TOO_MANY */
  async run(request: ApiKeyRequest, caller: Principal): Promise<ApiKeyCreated> {
    const { access, clock } = this.#ports;
    if (!mayGive(caller, request.grants)) {
      throw new AccessError(
        "NOT_PERMITTED",
        "expected grants that each lie within one of your own admin grants, got more: ask an admin of the whole fleet",
      );
    }
    const usable = await access.usableKeys(clock.nowMs());
    if (usable >= accessLimits.keysMax) {
      throw new AccessError(
        "API_KEYS_TOO_MANY",
        `expected fewer than ${accessLimits.keysMax} keys in use, got ${usable}: revoke those nobody uses (modelfleet api-key list)`,
      );
    }
    return makeKey(this.#ports, request, caller);
  }
}
