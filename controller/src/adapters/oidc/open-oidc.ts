import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { IssuerSettings, TokenVerifier } from "../../ports/token-verifier.ts";
import { readGroupGrants } from "./group-grants.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { keySource } from "./key-source.ts";
import { OidcTokenVerifier } from "./oidc-token-verifier.ts";

/**
 * Takes tokens of this issuer. The issuer is not asked yet.
 *
 * @throws GrantsFileError
 */
export async function openOidc(
  settings: IssuerSettings,
  ports: { readonly clock: Clock; readonly log: EventLog },
): Promise<TokenVerifier> {
  const { grantsFile } = settings;
  const groups = grantsFile === undefined ? new Map() : await readGroupGrants(grantsFile);
  const keys = new IssuerKeys({ source: keySource(settings), ...ports });
  return new OidcTokenVerifier({ settings, keys, groups, ...ports });
}
