import { accessLimits } from "@modelfleet/protocol";
import { ConfigError } from "./config-error.ts";
import type { IssuerSettings } from "./ports/token-verifier.ts";
import { requireNetwork } from "./require-network.ts";

/** What a person may say about who gets in; everything as it was typed. */
export interface AccessFlags {
  readonly oidcIssuer?: string | undefined;
  readonly oidcAudience?: string | undefined;
  readonly oidcJwks?: string | undefined;
  readonly oidcGrants?: string | undefined;
  readonly trustedProxy?: readonly string[] | undefined;
  readonly fourEyes?: string | undefined;
}

export const secondPersonFor = ["release", "rollout"] as const;
/** What needs a second person's approval. */
export type FourEyes = (typeof secondPersonFor)[number];

export interface AccessConfig {
  readonly oidc: IssuerSettings | undefined;
  /** Addresses, or networks like 10.0.0.0/8, whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly fourEyes: readonly FourEyes[];
}

/** @throws ConfigError naming the flag, what was expected and the way out */
export function parseAccess(flags: AccessFlags, isDev: boolean): AccessConfig {
  return {
    oidc: parseOidc(flags),
    trustedProxies: parseProxies(flags.trustedProxy ?? [], isDev),
    fourEyes: parseFourEyes(flags.fourEyes),
  };
}

function parseOidc(flags: AccessFlags): IssuerSettings | undefined {
  const { oidcIssuer, oidcAudience, oidcJwks, oidcGrants } = flags;
  if (oidcIssuer === undefined && oidcAudience === undefined) {
    if (oidcJwks === undefined && oidcGrants === undefined) return undefined;
  }
  if (oidcIssuer === undefined || oidcAudience === undefined || oidcAudience === "") {
    throw new ConfigError(
      "CONFIG",
      "expected --oidc-issuer and --oidc-audience together: a token is taken only from one issuer, and only when it is meant for this controller",
    );
  }
  requireSafeUrl("--oidc-issuer", oidcIssuer);
  return {
    issuer: oidcIssuer,
    audience: oidcAudience,
    keys: parseKeys(oidcJwks),
    grantsFile: oidcGrants,
  };
}

function parseKeys(text: string | undefined): IssuerSettings["keys"] {
  if (text === undefined) return { kind: "discovered" };
  if (!/^[a-z]+:\/\//i.test(text)) return { kind: "file", path: text };
  requireSafeUrl("--oidc-jwks", text);
  return { kind: "url", url: text };
}

/** Whoever can change the issuer's keys on their way here is every operator. */
function requireSafeUrl(flag: string, text: string): void {
  const url = URL.parse(text);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url?.hostname ?? "");
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLocal)) return;
  throw new ConfigError(
    "CONFIG",
    `${flag}: expected an address like https://login.example, got ${text}; plain http only on this machine`,
  );
}

function parseProxies(texts: readonly string[], isDev: boolean): readonly string[] {
  if (texts.length > 0 && isDev) {
    throw new ConfigError(
      "CONFIG",
      "expected --trusted-proxy without --dev: behind a proxy everybody would sit at this machine",
    );
  }
  if (texts.length > accessLimits.proxiesMax) {
    throw new ConfigError(
      "CONFIG",
      `--trusted-proxy: expected at most ${accessLimits.proxiesMax}, got ${texts.length}: name networks`,
    );
  }
  // A network of everybody is no network: then any client may say it is any other.
  for (const text of texts) requireNetwork("--trusted-proxy", text);
  return texts;
}

function parseFourEyes(text: string | undefined): readonly FourEyes[] {
  if (text === undefined) return [];
  return [...new Set(text.split(",").map(parseSecondPerson))];
}

function parseSecondPerson(text: string): FourEyes {
  const known = secondPersonFor.find((one) => one === text);
  if (known !== undefined) return known;
  throw new ConfigError(
    "CONFIG",
    `--four-eyes: expected ${secondPersonFor.join(" or ")}, or both with a comma, got ${text || "nothing"}`,
  );
}
