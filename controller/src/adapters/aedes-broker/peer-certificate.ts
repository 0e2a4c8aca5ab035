import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** What a client has shown of itself before its CONNECT. */
export type Peer =
  | { readonly kind: "anonymous" }
  /** Of another authority, expired, not valid yet, or not for clients; the reason is OpenSSL's. */
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "certified";
      readonly name: string;
      /** Raw, where it is an Ed25519 key; 32 bytes. */
      readonly publicKey: Uint8Array | undefined;
      readonly validUntilMs: number;
    };

/** The client's certificate, as it was judged in the handshake. */
export function peerOf(socket: Socket): Peer {
  if (!(socket instanceof TLSSocket)) return { kind: "anonymous" };
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: "anonymous" };
  if (!socket.authorized) return { kind: "refused", reason: String(socket.authorizationError) };
  const name: unknown = certificate.toLegacyObject().subject.CN;
  // Two common names are a list there: then it is nobody's.
  if (typeof name !== "string") return { kind: "refused", reason: "COMMON_NAME" };
  const { kty, crv, x } = certificate.publicKey.export({ format: "jwk" });
  const isEd25519 = kty === "OKP" && crv === "Ed25519" && x !== undefined;
  const publicKey = isEd25519 ? new Uint8Array(Buffer.from(x, "base64url")) : undefined;
  return { kind: "certified", name, publicKey, validUntilMs: Date.parse(certificate.validTo) };
}
