import { type ApiKeyCreated, ApiKeyId, type ApiKeyRequest, sha256 } from "@modelfleet/protocol";
import { formatApiKey } from "../../domain/access/api-key.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { AccessStore, ApiKeyRecord } from "../../ports/access-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import { apiKeyView } from "./api-key-view.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;

export interface MakeKeyPorts {
  readonly access: AccessStore;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** A new key; its secret is in the answer and nowhere else. Whether the caller may, is asked before. */
export async function makeKey(
  { access, clock, log }: MakeKeyPorts,
  request: ApiKeyRequest,
  caller: Principal,
): Promise<ApiKeyCreated> {
  const secret = Buffer.from(clock.randomBytes(SECRET_BYTES)).toString("base64url");
  const id = ApiKeyId.parse(Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"));
  const nowMs = clock.nowMs();
  const key: ApiKeyRecord = {
    id,
    name: request.name,
    secretSha256: sha256(Buffer.from(secret, "utf8")),
    grants: request.grants,
    createdAtMs: nowMs,
    createdBy: caller.id,
    expiresAtMs: nowMs + request.lifeMs,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  await access.addKey(key, {
    atMs: nowMs,
    actor: caller.id,
    action: "api-key.created",
    subject: `api-key:${id}`,
    detail: {
      name: key.name,
      grants: key.grants.map((grant) => JSON.stringify(grant)).slice(0, GRANTS_WRITTEN_MAX),
      grantCount: key.grants.length,
      expiresAtMs: key.expiresAtMs,
    },
  });
  log.info({ event: "api-key.created", key: id, name: key.name, by: caller.id }, "API key made");
  return { key: apiKeyView(key), secret: formatApiKey({ id, secret }) };
}

/** An audit entry has its limit (domain/audit); the key itself keeps all of them. */
const GRANTS_WRITTEN_MAX = 8;
