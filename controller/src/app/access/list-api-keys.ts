import type { ApiKey } from "@modelfleet/protocol";
import { mayGive } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { AccessStore } from "../../ports/access-store.ts";
import { apiKeyView } from "./api-key-view.ts";

/** The keys the caller could have made himself, newest first. */
export class ListApiKeys {
  readonly #access: AccessStore;

  constructor(ports: { readonly access: AccessStore }) {
    this.#access = ports.access;
  }

  async run(caller: Principal): Promise<readonly ApiKey[]> {
    const keys = await this.#access.keys();
    return keys.filter(({ grants }) => mayGive(caller, grants)).map(apiKeyView);
  }
}
