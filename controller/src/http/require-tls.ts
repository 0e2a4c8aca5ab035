import type { HttpReply } from "./exchange.ts";

const ONE_YEAR_S = 31_536_000;

/**
 * Whoever came over TLS shall not come without it again (RFC 6797). TLS ends at a proxy in front; that it was there is
 * believed only of a trusted one, and said only over TLS, where alone it counts.
 */
export function requireTls(
  request: { readonly protocol: string },
  reply: HttpReply,
  _payload: unknown,
  done: () => void,
): void {
  if (request.protocol === "https") {
    reply.headers({ "strict-transport-security": `max-age=${ONE_YEAR_S}` });
  }
  done();
}
