import { expect, test } from "vitest";
import { openApiDocument } from "../../controller/src/http/openapi-document.ts";
import { basic, enrolDevice } from "../support/http/enrolled-device.ts";
import { rawHttp } from "../support/http/raw-http.ts";
import { startInProcess } from "../support/http/test-controller.ts";

const adminKey = "k".repeat(32);
const bearer = { authorization: `Bearer ${adminKey}` };

/** Everything that answers without a login; a route that is not here must refuse. */
const publicRoutes = ["POST /v1/enrol", "GET /health/live", "GET /health/ready"];
const deviceRoutes = [
  "GET /v1/device/releases/{digest}",
  "GET /v1/device/root/{version}",
  "GET /v1/device/blobs/{digest}",
];

async function everyRoute(): Promise<readonly string[]> {
  const { paths } = (await openApiDocument()) as { paths: Record<string, object> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test("every route refuses a stranger, but for the list of public ones", async () => {
  await using controller = await startInProcess({ adminKey, isDev: false });
  const routes = await everyRoute();
  expect(routes.length).toBeGreaterThan(15);

  const verdicts = await Promise.all(
    routes.map(async (route) => {
      const [method = "", path = ""] = route.split(" ");
      const answer = await controller.fetch(path.replace(/\{\w+\}/, "a".repeat(64)), { method });
      return [route, answer.status === 401] as const;
    }),
  );

  expect(
    verdicts
      .filter(([, isRefused]) => !isRefused)
      .map(([route]) => route)
      .sort(),
  ).toEqual([...publicRoutes].sort());
});

test("the operator's key does not open the routes of devices, nor a device's login those of the operator", async () => {
  await using controller = await startInProcess({ adminKey });
  const { authorization } = await enrolDevice(controller);

  for (const route of deviceRoutes) {
    const path = (route.split(" ")[1] ?? "").replace(/\{\w+\}/, "a".repeat(64));
    expect((await controller.fetch(path, { headers: bearer })).status).toBe(401);
  }
  expect((await controller.fetch("/v1/devices", { headers: { authorization } })).status).toBe(401);
});

test.each([
  { what: "the key", authorization: `Bearer ${adminKey}`, status: 200 },
  { what: "one character less", authorization: `Bearer ${adminKey.slice(1)}`, status: 401 },
  { what: "one character more", authorization: `Bearer ${adminKey}k`, status: 401 },
  { what: "another scheme", authorization: `Basic ${adminKey}`, status: 401 },
  { what: "nothing after the scheme", authorization: "Bearer ", status: 401 },
])("with $what the operator's routes answer $status", async ({ authorization, status }) => {
  await using controller = await startInProcess({ adminKey });

  const answer = await controller.fetch("/v1/devices", { headers: { authorization } });

  expect(answer.status).toBe(status);
  if (status === 401) expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
});

test.each([
  { host: "127.0.0.1:80", origin: "", status: 200 },
  { host: "localhost", origin: "", status: 200 },
  { host: "[::1]:80", origin: "", status: 200 },
  { host: "localhost:1", origin: "Origin: http://localhost:1\r\n", status: 200 },
  { host: "fleet.example", origin: "", status: 403 },
  { host: "127.0.0.1.fleet.example", origin: "", status: 403 },
  { host: "localhost.fleet.example", origin: "", status: 403 },
  { host: "localhost:1", origin: "Origin: http://fleet.example\r\n", status: 403 },
  { host: "localhost:1", origin: "Origin: null\r\n", status: 403 },
  { host: "localhost:1", origin: "Origin: http://localhost:2\r\n", status: 403 },
])("in development a request to $host from [$origin] answers $status", async (request) => {
  await using controller = await startInProcess();

  const answer = await rawHttp(
    controller.httpUrl,
    `GET /v1/devices HTTP/1.1\r\nHost: ${request.host}\r\n${request.origin}Connection: close\r\n\r\n`,
  );

  expect(answer.split("\r\n")[0]).toContain(` ${request.status} `);
});

test("a device's secret opens its routes, and a wrong one does not", async () => {
  await using controller = await startInProcess();
  const { authorization, secret } = await enrolDevice(controller);
  const ask = async (login: string) =>
    (await controller.fetch("/v1/device/root/1", { headers: { authorization: login } })).status;

  expect(await ask(authorization)).toBe(200);
  expect(await ask(basic("cam-1", `${secret}x`))).toBe(401);
  expect(await ask(basic("cam-2", secret))).toBe(401);
  expect(await ask(basic("", secret))).toBe(401);
  expect(await ask("Basic !")).toBe(401);
  expect(await ask(`Bearer ${secret}`)).toBe(401);
});

test("the documentation needs no login and names no place outside", async () => {
  await using controller = await startInProcess();

  const page = await (await controller.fetch("/docs")).text();
  const start = await (await controller.fetch("/docs/swagger-ui-init.js")).text();

  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(start).toContain('"validatorUrl": null');
  const assets = [...page.matchAll(/(?:src|href)="\.\/(docs\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) {
    expect((await controller.fetch(`/${asset ?? ""}`)).status).toBe(200);
  }
});
