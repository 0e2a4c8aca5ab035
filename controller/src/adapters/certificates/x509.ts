import type { webcrypto } from "node:crypto";
import type * as x509 from "@peculiar/x509";
// The library below looks for it when it is loaded.
import "reflect-metadata";

export type X509 = typeof x509;

export interface KeyPair {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
}

export const ecdsaP256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** Only a controller that makes certificates waits for it: it takes 0.15 s to load. */
export function loadX509(): Promise<X509> {
  return import("@peculiar/x509");
}
