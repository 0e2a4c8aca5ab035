import { writeFile } from "node:fs/promises";
import { type Grant, Problem } from "@modelfleet/protocol";
import { exportSPKI, SignJWT } from "jose";
import { expect, test } from "vitest";
import { openOidc } from "../../controller/src/adapters/oidc/open-oidc.ts";
import type { IssuerSettings } from "../../controller/src/ports/token-verifier.ts";
import { ManualClock } from "../support/controller/manual-clock.ts";
import { RecordingLog } from "../support/controller/recording-log.ts";
import { bearer, startFleetServer } from "../support/http/fleet-server.ts";
import {
  type IdentityProvider,
  makeKey,
  startIdentityProvider,
} from "../support/http/identity-provider.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

const viewer = { modelfleet_grants: [{ role: "viewer" }] };
const MINUTE_MS = 60_000;

async function withIssuer(provider: IdentityProvider, settings: Partial<IssuerSettings> = {}) {
  const clock = new ManualClock(fixtureTimes.nowMs);
  const log = new RecordingLog();
  const { issuer } = provider;
  const keys = { kind: "discovered" as const };
  const whole = { issuer, audience: "modelfleet", keys, grantsFile: undefined, ...settings };
  const tokens = await openOidc(whole, { clock, log });
  const server = await startFleetServer({ tokens, clock });
  const status = async (token: string) => (await server.ask("/v1/devices", bearer(token))).status;
  return {
    clock,
    log,
    tokens,
    server,
    status,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

test.each([0, 1, 2])("a token of the issuer's key %i is taken", async (index) => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const token = await provider.token(fleet.clock.nowMs(), viewer, provider.keys[index]);

  expect(await fleet.status(token)).toBe(200);
  expect(await fleet.tokens.verify(token)).toEqual({
    kind: "oidc",
    id: "oidc:ada",
    grants: [{ role: "viewer", models: ["*"], labels: {} }],
  });
});

test.each([
  { what: "another issuer", changes: { iss: "https://login.example" } },
  { what: "the issuer with a slash", changes: (issuer: string) => ({ iss: `${issuer}/` }) },
  { what: "no issuer", changes: { iss: undefined } },
  { what: "another audience", changes: { aud: "other" } },
  { what: "a longer audience", changes: { aud: "modelfleet-2" } },
  { what: "no audience", changes: { aud: undefined } },
  { what: "no expiry", changes: { exp: undefined } },
  { what: "no beginning", changes: { nbf: undefined } },
  { what: "no subject", changes: { sub: undefined } },
  { what: "a subject with a line break", changes: { sub: "ada\nadmin" } },
  { what: "an expiry that is a word", changes: { exp: "tomorrow" } },
  { what: "an unknown role", changes: { modelfleet_grants: [{ role: "root" }] } },
  { what: "a misspelt grant", changes: { modelfleet_grants: [{ role: "viewer", model: ["x"] }] } },
])("F58: a token with $what is refused", async ({ changes }) => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const changed = typeof changes === "function" ? changes(provider.issuer) : changes;

  const token = await provider.token(fleet.clock.nowMs(), { ...viewer, ...changed });

  expect(await fleet.status(token)).toBe(401);
  expect(fleet.server.defects).toEqual([]);
});

test("F58: a token is good from 30 s before its beginning until 30 s after its end", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const nowS = Math.floor(fleet.clock.nowMs() / 1_000);
  const at = async (nbf: number, exp: number) =>
    fleet.status(await provider.token(0, { ...viewer, nbf: nowS + nbf, exp: nowS + exp }));

  expect(await at(-300, -29)).toBe(200);
  expect(await at(-300, -30)).toBe(401);
  expect(await at(30, 300)).toBe(200);
  expect(await at(31, 300)).toBe(401);
});

test("F58: alg none, and a shared secret made of the public key, are no signatures", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const nowMs = fleet.clock.nowMs();
  const good = await provider.token(nowMs, viewer);
  const [, payload = ""] = good.split(".");
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString("base64url");
  const rsa = provider.keys[2];
  if (rsa === undefined) throw new Error("expected an RSA key");
  const secrets = [await exportSPKI(rsa.publicKey), JSON.stringify(rsa.jwk), String(rsa.jwk.n)];
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const shared = secrets.flatMap((secret) =>
    ["HS256", "HS512"].map((alg) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg, kid: rsa.kid })
        .sign(Buffer.from(secret)),
    ),
  );

  expect(await fleet.status(good)).toBe(200);
  for (const token of [
    `${header({ alg: "none" })}.${payload}.`,
    `${header({ alg: "none", kid: "key-EdDSA" })}.${payload}.`,
    `${header({ alg: "NONE" })}.${payload}.AAAA`,
    `${header({ alg: "EdDSA", kid: "key-EdDSA" })}.${payload}.`,
    `${header({ alg: "ES256", kid: "key-EdDSA" })}.${payload}.${good.split(".")[2] ?? ""}`,
    `${header({ alg: "EdDSA", kid: "key-EdDSA", crit: ["x"], x: 1 })}.${payload}.${good.split(".")[2] ?? ""}`,
    ...(await Promise.all(shared)),
  ]) {
    expect(await fleet.status(token), token).toBe(401);
    await fleet.clock.advance(6_000);
  }
});

test("F58: of a good token no part can be changed, and another's key is no issuer's", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const nowMs = fleet.clock.nowMs();
  const good = await provider.token(nowMs, viewer);
  const [head = "", , signature = ""] = good.split(".");
  const admin = Buffer.from(
    JSON.stringify({
      iss: provider.issuer,
      aud: "modelfleet",
      sub: "ada",
      modelfleet_grants: [{ role: "admin" }],
    }),
  ).toString("base64url");
  const stranger = await makeKey("EdDSA");

  expect(await fleet.status(`${head}.${admin}.${signature}`)).toBe(401);
  expect(await fleet.status(await provider.token(nowMs, viewer, stranger))).toBe(401);
  expect(await fleet.status(`${good}.`)).toBe(401);
  expect(await fleet.status(good.slice(0, -2))).toBe(401);
});

test("F58: a token without grants may nothing, and grants are of one resource each", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const none = await provider.token(fleet.clock.nowMs(), { groups: ["admins"] });
  const answer = await fleet.server.ask("/v1/devices", bearer(none));

  expect(answer.status).toBe(403);
  expect(Problem.parse(await answer.json()).code).toBe("NOT_PERMITTED");
});

test("groups have the grants of the file, and no others have any", async () => {
  await using provider = await startIdentityProvider();
  await using folder = await temporaryFolder();
  const grantsFile = folder.inside("grants.json");
  const deployer = { role: "deployer", models: ["vision.*"], labels: { site: "plant-a" } };
  await writeFile(
    grantsFile,
    JSON.stringify({ groups: { lines: [deployer], readers: [{ role: "viewer" }] } }),
  );
  await using fleet = await withIssuer(provider, { grantsFile });
  const grantsOf = async (groups: readonly string[]): Promise<readonly Grant[] | undefined> =>
    (await fleet.tokens.verify(await provider.token(fleet.clock.nowMs(), { groups })))?.grants;

  expect(await grantsOf(["lines", "others"])).toEqual([deployer]);
  expect(await grantsOf(["readers", "lines"])).toEqual([
    { role: "viewer", models: ["*"], labels: {} },
    deployer,
  ]);
  expect(await grantsOf(["__proto__", "constructor"])).toEqual([]);
  expect(await grantsOf(Array.from({ length: 257 }, () => "lines"))).toBeUndefined();
});

test.each([
  { what: "no JSON", text: "groups:" },
  { what: "a misspelt field", text: '{"groups":{"a":[{"role":"viewer","label":{}}]}}' },
  { what: "another field", text: '{"groups":{},"group":{}}' },
  { what: "too many bytes", text: `{"groups":{}}${" ".repeat(262_144)}` },
])("a file of grants with $what is refused at start", async ({ text }) => {
  await using provider = await startIdentityProvider();
  await using folder = await temporaryFolder();
  const grantsFile = folder.inside("grants.json");
  await writeFile(grantsFile, text);

  await expect(withIssuer(provider, { grantsFile })).rejects.toMatchObject({ code: "GRANTS_FILE" });
});

test("an issuer that is away costs its users 503 and nobody else anything, until it is back", async () => {
  await using provider = await startIdentityProvider();
  provider.state.isAway = true;
  await using fleet = await withIssuer(provider);
  const token = await provider.token(fleet.clock.nowMs(), viewer);

  const answer = await fleet.server.ask("/v1/devices", bearer(token));

  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).not.toBeNull();
  expect(Problem.parse(await answer.json()).code).toBe("LOGIN_UNAVAILABLE");
  expect((await fleet.server.ask("/v1/devices", fleet.server.admin)).status).toBe(200);
  provider.state.isAway = false;
  await fleet.clock.advance(15_000);
  expect(await fleet.status(token)).toBe(200);
  expect(fleet.log.named("issuer.not-answering")).toHaveLength(1);
});

test("F58: an issuer that sends us elsewhere for its keys is not followed", async () => {
  await using provider = await startIdentityProvider();
  provider.state.isMoved = true;
  await using fleet = await withIssuer(provider);

  expect(await fleet.status(await provider.token(fleet.clock.nowMs(), viewer))).toBe(503);
});

test("the issuer is asked rarely, whatever tokens claim", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const nowMs = fleet.clock.nowMs();
  const stranger = { ...(await makeKey("EdDSA")), kid: "nobody" };
  const foreign = await provider.token(nowMs, viewer, stranger);
  const good = await provider.token(nowMs, viewer);

  for (let times = 0; times < 5; times += 1) {
    expect(await fleet.tokens.verify(foreign)).toBeUndefined();
    expect(await fleet.tokens.verify(good)).toBeDefined();
  }
  expect(provider.state.asked).toBe(2);
  await fleet.clock.advance(15_000);
  await fleet.tokens.verify(foreign);
  await fleet.tokens.verify(foreign);
  expect(provider.state.asked).toBe(4);
});

test("a new key of the issuer is found, a withdrawn one is forgotten, and old ones serve while it is away", async () => {
  await using provider = await startIdentityProvider();
  await using fleet = await withIssuer(provider);
  const next = { ...(await makeKey("EdDSA")), kid: "next" };
  const verify = async (key = provider.keys[0]) =>
    (await fleet.tokens.verify(await provider.token(fleet.clock.nowMs(), viewer, key))) !==
    undefined;

  expect(await verify()).toBe(true);
  expect(await verify(next)).toBe(false);
  provider.state.published = [{ ...next.jwk, kid: "next" }];
  await fleet.clock.advance(15_000);
  expect(await verify(next)).toBe(true);
  expect(await verify()).toBe(false);
  provider.state.isAway = true;
  await fleet.clock.advance(23 * 60 * MINUTE_MS);
  expect(await verify(next)).toBe(true);
  await fleet.clock.advance(60 * MINUTE_MS + 1);
  await expect(verify(next)).rejects.toMatchObject({ code: "LOGIN_UNAVAILABLE" });
});

test.each([
  { what: "too many bytes", published: [{ kty: "OKP", x: "A".repeat(70_000) }] },
  { what: "too many keys", published: Array.from({ length: 65 }, () => ({ kty: "OKP" })) },
  { what: "something else", published: "keys" as never },
])("keys of an issuer that are $what are not taken", async ({ published }) => {
  await using provider = await startIdentityProvider();
  provider.state.published = published;
  await using fleet = await withIssuer(provider);

  expect(await fleet.status(await provider.token(fleet.clock.nowMs(), viewer))).toBe(503);
});

test("keys that the issuer made badly refuse its tokens and stop nobody", async () => {
  await using provider = await startIdentityProvider();
  provider.state.published = [
    { kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "key-EdDSA", alg: "EdDSA" },
  ];
  await using fleet = await withIssuer(provider);

  expect(await fleet.status(await provider.token(fleet.clock.nowMs(), viewer))).toBe(401);
  expect(fleet.server.defects).toEqual([]);
});

test("keys may lie in a file, and a token must be small", async () => {
  await using provider = await startIdentityProvider();
  await using folder = await temporaryFolder();
  const path = folder.inside("keys.json");
  await writeFile(path, JSON.stringify({ keys: provider.keys.map(({ jwk }) => jwk) }));
  await using fleet = await withIssuer(provider, { keys: { kind: "file", path } });
  const nowMs = fleet.clock.nowMs();
  const padded = (bytes: number) => provider.token(nowMs, { ...viewer, pad: "x".repeat(bytes) });

  expect(await fleet.status(await padded(5_000))).toBe(200);
  expect(await fleet.status(await padded(6_000))).toBe(401);
  expect(provider.state.asked).toBe(0);
});
