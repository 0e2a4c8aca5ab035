import { accessLimits, Grants } from "@modelfleet/protocol";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { Principal } from "../../domain/access/principal.ts";
import { AccessError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { IssuerSettings, TokenVerifier } from "../../ports/token-verifier.ts";
import type { GroupGrants } from "./group-grants.ts";
import type { IssuerKeys } from "./issuer-keys.ts";

/** Signatures with a private key nobody here has; never `none`, never a shared secret (RFC 8725, 3.1). */
const algorithms = ["EdDSA", "ES256", "RS256"];

const Claims = z.object({
  sub: z.string().regex(/^[\x21-\x7e]{1,255}$/),
  modelfleet_grants: Grants.optional(),
  groups: z.array(z.string()).max(accessLimits.groupsPerTokenMax).optional(),
});

export interface OidcTokenVerifierOptions {
  readonly settings: Pick<IssuerSettings, "issuer" | "audience">;
  readonly keys: IssuerKeys;
  readonly groups: GroupGrants;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: EventLog;
}

/** Tokens of the identity provider (RFC 7519): who carries one is `oidc:<sub>` with the grants it names. */
export class OidcTokenVerifier implements TokenVerifier {
  readonly #options: OidcTokenVerifierOptions;

  constructor(options: OidcTokenVerifierOptions) {
    this.#options = options;
  }

  readonly verify = async (token: string): Promise<Principal | undefined> => {
    if (Buffer.byteLength(token) > accessLimits.tokenBytesMax) return undefined;
    const { settings, keys, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        algorithms,
        issuer: settings.issuer,
        audience: settings.audience,
        requiredClaims: ["exp", "nbf", "sub"],
        clockTolerance: accessLimits.tokenClockLeewayMs / 1_000,
        currentDate: new Date(clock.nowMs()),
      });
      return this.#principal(payload);
    } catch (error) {
      if (error instanceof AccessError) throw error;
      // Keys the issuer made badly fail in ways of their own; a token is never a reason to stop.
      if (!(error instanceof errors.JOSEError)) this.#warn(error);
      return undefined;
    }
  };

  #warn(error: unknown): void {
    const reason = error instanceof Error ? error.message.slice(0, 512) : "unknown";
    this.#options.log.warn({ event: "token.not-verifiable", reason }, "a token was refused");
  }

  /** A token without grants is somebody who may nothing; one whose grants nobody can read is refused. */
  #principal(payload: JWTPayload): Principal | undefined {
    const claims = Claims.safeParse(payload);
    if (!claims.success) return undefined;
    const { sub, modelfleet_grants = [], groups = [] } = claims.data;
    const ofGroups = groups.flatMap((group) => this.#options.groups.get(group) ?? []);
    return { kind: "oidc", id: `oidc:${sub}`, grants: [...modelfleet_grants, ...ofGroups] };
  }
}
