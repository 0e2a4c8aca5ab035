import { accessLimits, apiLimits, Problem } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { everyRoute, pathOf } from "../support/http/every-route.ts";
import {
  bearer,
  bearerOf,
  createdKey,
  type FleetServer,
  keyFor,
  member,
  startFleetServer,
} from "../support/http/fleet-server.ts";

const { failedLoginBurstPerAddressMax, requestBurstPerCallerMax, requestsPerSecondPerCallerMax } =
  accessLimits;
const wrong = bearer(`mfk_${"0".repeat(16)}_${"A".repeat(43)}`);
const forwarded = (address: string) => ({ "x-forwarded-for": address });

async function statuses(count: number, ask: () => Promise<Response>): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let times = 0; times < count; times += 1) {
    const answer = await ask();
    await answer.arrayBuffer();
    seen.push(answer.status);
  }
  return seen;
}

test("F58: failed logins of one address soon get 429, and a right key behind it is served all the same", async () => {
  await using server = await startFleetServer();
  const fail = () => server.ask("/v1/devices", wrong);
  const burst = await statuses(failedLoginBurstPerAddressMax, fail);

  const late = await fail();

  expect(new Set(burst)).toEqual(new Set([401]));
  expect(late.status).toBe(429);
  expect(late.headers.get("retry-after")).toBe("6");
  expect(Problem.parse(await late.json()).code).toBe("LOGINS_TOO_MANY");
  expect((await server.ask("/v1/devices", server.admin)).status).toBe(200);
  await server.clock.advance(6_000);
  expect((await fail()).status).toBe(401);
  expect((await fail()).status).toBe(429);
});

test("each login has its measure of requests, and another one is not kept waiting", async () => {
  await using server = await startFleetServer();
  const busy = await keyFor(server, { role: "viewer" });
  const other = await keyFor(server, { role: "viewer" });
  const ask = () => server.ask("/v1/claims", busy);

  expect(new Set(await statuses(requestBurstPerCallerMax, ask))).toEqual(new Set([200]));
  const late = await ask();

  expect(late.status).toBe(429);
  expect(late.headers.get("retry-after")).toBe("1");
  expect(Problem.parse(await late.json()).code).toBe("REQUESTS_TOO_MANY");
  expect((await server.ask("/v1/claims", other)).status).toBe(200);
  await server.clock.advance(1_000 / requestsPerSecondPerCallerMax);
  expect((await ask()).status).toBe(200);
});

test("X-Forwarded-For is believed of a trusted proxy only", async () => {
  await using open = await startFleetServer();
  await using behind = await startFleetServer({ trustedProxies: ["127.0.0.0/8"] });
  const failFrom = (server: FleetServer) => (address: string) =>
    server.ask("/v1/devices", { ...wrong, ...forwarded(address) });

  for (const server of [open, behind]) {
    const fail = failFrom(server);
    await statuses(failedLoginBurstPerAddressMax, () => fail("198.51.100.1"));
    expect((await fail("198.51.100.1")).status).toBe(429);
  }

  expect((await failFrom(open)("198.51.100.2")).status).toBe(429);
  expect((await failFrom(behind)("198.51.100.2")).status).toBe(401);
  // The client's own words come before what the proxy adds.
  expect((await failFrom(behind)("198.51.100.3, 198.51.100.1")).status).toBe(429);
});

test("an IPv6 network of one client is one address", async () => {
  await using server = await startFleetServer({ trustedProxies: ["127.0.0.0/8"] });
  const fail = (address: string) => server.ask("/v1/devices", { ...wrong, ...forwarded(address) });
  let host = 0;
  await statuses(failedLoginBurstPerAddressMax, () => fail(`2001:db8:0:1::${++host}`));

  expect((await fail("2001:db8::1:a:b:c:d")).status).toBe(429);
  expect((await fail("2001:db8:0:2::1")).status).toBe(401);
});

test("every route that takes a body refuses one that is too large, before anybody reads it", async () => {
  await using server = await startFleetServer();
  const device = await member(server, "cam-1");
  const body = { name: "x".repeat(apiLimits.jsonBytesMax) };

  for (const { route, access } of everyRoute()) {
    const [method = "", path = ""] = route.split(" ");
    if (method === "GET") continue;
    const login = access?.kind === "device" ? device : server.admin;
    const answer = await server.ask(pathOf(path), login, body, method);
    expect([route, answer.status]).toEqual([route, 413]);
    expect(Problem.parse(await answer.json()).code).toBe("SIZE");
  }
});

test("every answer keeps browsers on a short lead, and lets no other page read it", async () => {
  await using server = await startFleetServer();

  for (const path of ["/v1/devices", "/health/live", "/docs", "/nowhere"]) {
    const { headers } = await server.ask(path, { ...server.admin, origin: "https://evil.example" });
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-powered-by")).toBeNull();
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  }
  const preflight = await server.ask(
    "/v1/devices",
    { origin: "https://evil.example", "access-control-request-method": "PATCH" },
    undefined,
    "OPTIONS",
  );
  expect(preflight.status).toBe(404);
  expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
});

test("browsers are told to stay with TLS only when they came over it, and a trusted proxy says so", async () => {
  await using open = await startFleetServer();
  await using behind = await startFleetServer({ trustedProxies: ["127.0.0.1"] });
  const hsts = async (server: FleetServer, headers: Readonly<Record<string, string>>) =>
    (await server.ask("/health/live", headers)).headers.get("strict-transport-security");
  const overTls = { "x-forwarded-proto": "https", ...forwarded("198.51.100.1") };

  expect(await hsts(behind, overTls)).toBe("max-age=31536000");
  expect(await hsts(behind, forwarded("198.51.100.1"))).toBeNull();
  expect(await hsts(open, overTls)).toBeNull();
  expect(await hsts(open, {})).toBeNull();
});

test("an answer with a new key is kept by no cache", async () => {
  await using server = await startFleetServer();
  const made = await createdKey(server, [{ role: "admin" }]);

  const answer = await server.ask("/v1/api-keys", bearerOf(made), {
    name: "n",
    grants: [{ role: "viewer" }],
  });

  expect(answer.status).toBe(201);
  expect(answer.headers.get("cache-control")).toBe("no-store");
});
