import type { ApiKey, ApiKeyId } from "@modelfleet/protocol";
import { mayGive } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { ApiKeyRecord } from "../../ports/access-store.ts";
import { apiKeyView } from "./api-key-view.ts";
import type { MakeKeyPorts } from "./make-key.ts";

/** From its answer on, nobody gets in with this key any more. Revoking it again changes nothing. */
export class RevokeApiKey {
  readonly #ports: MakeKeyPorts;

  constructor(ports: MakeKeyPorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError API_KEY_UNKNOWN, also for a key the caller may not see */
  async run(id: ApiKeyId, caller: Principal): Promise<ApiKey> {
    const { access, clock, log } = this.#ports;
    const key = await this.#visible(id, caller);
    const entry = {
      atMs: clock.nowMs(),
      actor: caller.id,
      action: "api-key.revoked",
      subject: `api-key:${id}`,
      detail: { name: key.name },
    };
    if (await access.revokeKey(id, entry)) {
      const event = { event: "api-key.revoked", key: id, name: key.name, by: caller.id };
      log.info(event, "API key revoked");
    }
    return apiKeyView(await this.#visible(id, caller));
  }

  async #visible(id: ApiKeyId, caller: Principal): Promise<ApiKeyRecord> {
    const key = await this.#ports.access.key(id);
    if (key !== undefined && mayGive(caller, key.grants)) return key;
    throw new NotFoundError(
      "API_KEY_UNKNOWN",
      `expected the id of an API key, got ${id}: see modelfleet api-key list`,
    );
  }
}
