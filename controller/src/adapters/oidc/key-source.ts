import { readFile } from "node:fs/promises";
import { accessLimits } from "@modelfleet/protocol";
import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import type { IssuerSettings } from "../../ports/token-verifier.ts";
import { fetchJson } from "./fetch-json.ts";

const KeySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })).max(accessLimits.issuerKeysMax),
});

/** Gets the issuer's public keys as they are now (RFC 7517). @throws Error saying what came instead */
export type KeySource = () => Promise<JSONWebKeySet>;

export function keySource({ issuer, keys }: IssuerSettings): KeySource {
  switch (keys.kind) {
    case "file":
      return async () => KeySet.parse(JSON.parse(await readFile(keys.path, "utf8")));
    case "url":
      return async () => KeySet.parse(await fetchJson(keys.url));
    case "discovered":
      return async () => KeySet.parse(await fetchJson(await discover(issuer)));
  }
}

/** OpenID Connect Discovery 1.0, 4. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const Discovery = z.object({
    // 4.3: it must be the very issuer that was asked.
    issuer: z.literal(issuer),
    jwks_uri: z.url({ protocol: issuer.startsWith("https:") ? /^https$/ : /^https?$/ }),
  });
  return Discovery.parse(await fetchJson(url)).jwks_uri;
}
