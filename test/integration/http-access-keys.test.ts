import {
  ApiKey,
  ApiKeyCreated,
  ApiKeyList,
  AuditPage,
  accessLimits,
  apiLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  answerOf,
  bearer,
  bearerOf,
  createdKey,
  type FleetServer,
  type Headers,
  keyFor,
  startFleetServer,
} from "../support/http/fleet-server.ts";

const DAY_MS = 86_400_000;
const everything = { role: "admin", models: ["*"], labels: {} } as const;

const statusWith = async (server: FleetServer, login: Headers) =>
  (await server.ask("/v1/devices", login)).status;

async function listed(
  server: FleetServer,
  login: Headers = server.admin,
): Promise<readonly ApiKey[]> {
  return (await answerOf(await server.ask("/v1/api-keys", login), ApiKeyList)).keys;
}

test("F58: a key opens what it is for, and nothing that only resembles it does", async () => {
  await using server = await startFleetServer();
  const { secret, key } = await createdKey(server, [{ role: "viewer" }]);
  const other = await createdKey(server, [{ role: "viewer" }]);
  const secretPart = secret.slice(`mfk_${key.id}_`.length);

  expect(secret).toMatch(/^mfk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
  expect(await statusWith(server, bearer(secret))).toBe(200);
  expect(await statusWith(server, { authorization: `bearer ${secret}` })).toBe(200);
  for (const wrong of [
    secret.slice(0, -1),
    `${secret}A`,
    `${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`,
    `mfk_${other.key.id}_${secretPart}`,
    `mfk_${"0".repeat(16)}_${secretPart}`,
    secretPart,
    key.id,
  ]) {
    const answer = await server.ask("/v1/devices", bearer(wrong));
    expect(answer.status, wrong).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
    await server.clock.advance(60_000);
  }
  for (const authorization of [
    `Basic ${secret}`,
    secret,
    "Bearer ",
    "Bearer",
    `Bearer ${secret} x`,
  ]) {
    expect(await statusWith(server, { authorization }), authorization).toBe(401);
    await server.clock.advance(60_000);
  }
});

test("F58: a key ends with its time, and a revoked one at once", async () => {
  await using server = await startFleetServer();
  const short = bearerOf(await createdKey(server, [{ role: "viewer" }], { lifeMs: 60_000 }));
  const { key, secret } = await createdKey(server, [{ role: "viewer" }]);

  await server.clock.advance(59_999);
  expect(await statusWith(server, short)).toBe(200);
  await server.clock.advance(1);
  expect(await statusWith(server, short)).toBe(401);

  expect(await statusWith(server, bearer(secret))).toBe(200);
  const revoked = await server.ask(`/v1/api-keys/${key.id}`, server.admin, undefined, "DELETE");
  expect((await answerOf(revoked, ApiKey)).revokedAtMs).toBe(server.clock.nowMs());
  expect(await statusWith(server, bearer(secret))).toBe(401);
  const again = await server.ask(`/v1/api-keys/${key.id}`, server.admin, undefined, "DELETE");
  expect(again.status).toBe(200);
});

test("a key lives 90 days when nobody says otherwise, and never longer than a year", async () => {
  await using server = await startFleetServer();
  const lifeOf = async (more: object) => {
    const body = { name: "n", grants: [{ role: "viewer" }], ...more };
    const answer = await server.ask("/v1/api-keys", server.admin, body);
    if (answer.status !== 201) return answer.status;
    const { key } = await answerOf(answer, ApiKeyCreated);
    return key.expiresAtMs - key.createdAtMs;
  };

  expect(await lifeOf({})).toBe(90 * DAY_MS);
  expect(await lifeOf({ lifeMs: 365 * DAY_MS })).toBe(365 * DAY_MS);
  expect(await lifeOf({ lifeMs: 365 * DAY_MS + 1 })).toBe(400);
  expect(await lifeOf({ lifeMs: accessLimits.keyLifeMsMin - 1 })).toBe(400);
});

test("the secret is told once, kept by nobody, and in no list and no log", async () => {
  await using server = await startFleetServer();

  const { secret, key } = await createdKey(server, [{ role: "viewer" }]);

  const stored = await server.stores.access.key(key.id);
  const secretPart = secret.slice(-43);
  const told = JSON.stringify([stored, await listed(server), server.log.events]);
  expect(told).toContain(key.id);
  expect(told).not.toContain(secretPart);
  const audit = await server.ask("/v1/audit", server.admin);
  const { events } = await answerOf(audit, AuditPage);
  expect(events.map(({ action, subject }) => [action, subject])).toContainEqual([
    "api-key.created",
    `api-key:${key.id}`,
  ]);
  expect(JSON.stringify(events)).not.toContain(secretPart);
});

test("a key's last use is written down once a minute", async () => {
  await using server = await startFleetServer();
  const { secret, key } = await createdKey(server, [{ role: "viewer" }]);
  const lastUse = async () => (await server.stores.access.key(key.id))?.lastUsedAtMs;
  const startMs = server.clock.nowMs();

  expect(await lastUse()).toBeNull();
  await statusWith(server, bearer(secret));
  expect(await lastUse()).toBe(startMs);
  await server.clock.advance(59_999);
  await statusWith(server, bearer(secret));
  expect(await lastUse()).toBe(startMs);
  await server.clock.advance(1);
  await statusWith(server, bearer(secret));
  expect(await lastUse()).toBe(startMs + 60_000);
});

test.each([
  { what: "a model more", grant: { role: "viewer", models: ["vision.*", "audio"] } },
  { what: "every model", grant: { role: "viewer", models: ["*"] } },
  { what: "a wider prefix", grant: { role: "viewer", models: ["v.*"] } },
  { what: "other devices", grant: { role: "viewer", models: ["vision.*"], labels: {} } },
  {
    what: "another plant",
    grant: { role: "viewer", models: ["vision.*"], labels: { site: "plant-b" } },
  },
])("F58: nobody gives more than he has: $what", async ({ grant }) => {
  await using server = await startFleetServer();
  const labels = { site: "plant-a" };
  const mine = await keyFor(
    server,
    { role: "admin", models: ["vision.*"], labels },
    { role: "viewer" },
  );
  const give = async (grants: readonly object[]) =>
    (await server.ask("/v1/api-keys", mine, { name: "n", grants })).status;
  const fine = { role: "deployer", models: ["vision.defects", "vision.cams.*"], labels };

  expect(await give([fine])).toBe(201);
  expect(await give([{ labels, ...grant }])).toBe(403);
  expect(await give([fine, { labels, ...grant }])).toBe(403);
});

test("F58: an admin of one plant sees and revokes the keys of that plant, and reads no audit log", async () => {
  await using server = await startFleetServer();
  const labels = { site: "plant-a" };
  const mine = await keyFor(server, { role: "admin", labels });
  const inside = await createdKey(server, [{ role: "viewer", labels }]);
  const outside = await createdKey(server, [{ role: "viewer" }]);
  const revoke = async (id: string) =>
    (await server.ask(`/v1/api-keys/${id}`, mine, undefined, "DELETE")).status;

  expect((await listed(server, mine)).map(({ id }) => id)).toContain(inside.key.id);
  expect((await listed(server, mine)).map(({ id }) => id)).not.toContain(outside.key.id);
  expect(await revoke(outside.key.id)).toBe(404);
  expect(await revoke("0".repeat(16))).toBe(404);
  expect(await revoke(inside.key.id)).toBe(200);
  expect((await server.ask("/v1/audit", mine)).status).toBe(403);
});

test.each([
  { what: "a misspelt field", body: { name: "n", grants: [{ role: "viewer", model: ["x"] }] } },
  { what: "an unknown role", body: { name: "n", grants: [{ role: "root" }] } },
  { what: "no grant", body: { name: "n", grants: [] } },
  { what: "no model", body: { name: "n", grants: [{ role: "viewer", models: [] }] } },
  {
    what: "a pattern in the middle",
    body: { name: "n", grants: [{ role: "viewer", models: ["a*b"] }] },
  },
  { what: "a name with a line break", body: { name: "n\nm", grants: [everything] } },
  {
    what: "one grant too many",
    body: { name: "n", grants: Array.from({ length: 65 }, () => everything) },
  },
])("$what makes no key", async ({ body }) => {
  await using server = await startFleetServer();

  const answer = await server.ask("/v1/api-keys", server.admin, body);

  expect(answer.status).toBe(400);
  expect(await listed(server)).toHaveLength(1);
  expect(JSON.stringify(body).length).toBeLessThan(apiLimits.jsonBytesMax);
});
