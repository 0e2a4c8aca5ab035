import type { Principal } from "../domain/access/principal.ts";

/** Tokens somebody else signed: an identity provider of the operators. */
export interface TokenVerifier {
  /**
   * @returns who it speaks for, or undefined when it is not good here and now
   * @throws AccessError LOGIN_UNAVAILABLE when the issuer's keys are not to be had
   */
  readonly verify: (token: string) => Promise<Principal | undefined>;
}

/** Whose tokens are taken, and what they are worth. */
export interface IssuerSettings {
  /** Exactly what a token's `iss` says. */
  readonly issuer: string;
  /** Exactly one of what a token's `aud` says. */
  readonly audience: string;
  /** Where the issuer's public keys are. */
  readonly keys:
    | { readonly kind: "discovered" }
    | { readonly kind: "url"; readonly url: string }
    | { readonly kind: "file"; readonly path: string };
  /** JSON: which group has which grants. */
  readonly grantsFile: string | undefined;
}
