import type { ApiKey } from "@modelfleet/protocol";
import type { ApiKeyRecord } from "../../ports/access-store.ts";

/** A key as admins see it: nothing of its secret. */
export function apiKeyView({ secretSha256: _secret, grants, ...shown }: ApiKeyRecord): ApiKey {
  return { ...shown, grants: [...grants] };
}
