import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>;

/** An issuer on a free port of 127.0.0.1 with one key of each kind that is taken. */
export async function startIdentityProvider() {
  const keys = await Promise.all(["EdDSA", "ES256", "RS256"].map(makeKey));
  const state = {
    published: keys.map(({ jwk }) => jwk as JWK),
    asked: 0,
    isAway: false,
    isMoved: false,
  };
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  const issuer = `http://127.0.0.1:${address.port}`;

  function answer({ url }: IncomingMessage, response: ServerResponse): void {
    state.asked += 1;
    const bodies: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer, jwks_uri: `${issuer}/keys` },
      "/keys": { keys: state.published },
    };
    const body = bodies[url?.replace("/moved", "") ?? ""];
    const isMoved = state.isMoved && url === "/keys";
    if (state.isAway || body === undefined) response.writeHead(503).end();
    else if (isMoved) response.writeHead(302, { location: "/moved/keys" }).end();
    else response.writeHead(200).end(JSON.stringify(body));
  }

  return {
    issuer,
    state,
    keys,
    /** A good token at this moment, with changes; of the EdDSA key unless another is named. */
    token: (nowMs: number, changes: Readonly<Record<string, unknown>> = {}, key = keys[0]) => {
      if (key === undefined) throw new RangeError("expected a key");
      const nowS = Math.floor(nowMs / 1_000);
      const claims = { iss: issuer, aud: "modelfleet", sub: "ada", nbf: nowS, exp: nowS + 300 };
      return new SignJWT({ ...claims, ...changes })
        .setProtectedHeader({ alg: key.alg, kid: key.kid })
        .sign(key.privateKey);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export type IssuerKey = Awaited<ReturnType<typeof makeKey>>;

export async function makeKey(alg: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `key-${alg}`;
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return { alg, kid, jwk, privateKey, publicKey };
}
