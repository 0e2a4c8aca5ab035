import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "../../controller/src/http/create-app.ts";
import { openApiDocument } from "../../controller/src/http/openapi-document.ts";
import { unwiredUseCases } from "../../controller/src/http/unwired-use-cases.ts";
import { basic, enrolDevice } from "../support/http/enrolled-device.ts";
import { everyRoute, pathOf } from "../support/http/every-route.ts";
import { member, startFleetServer } from "../support/http/fleet-server.ts";
import { rawHttp } from "../support/http/raw-http.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";

/** In development; nothing that is asked here changes what another test is answered. */
let controller: InProcessController;
beforeAll(async () => {
  controller = await startInProcess();
});
afterAll(() => controller[Symbol.asyncDispose]());

/** Everything that answers without a login; a route that is not here must refuse. */
const publicRoutes = ["GET /health/live", "GET /health/ready", "POST /v1/enrol"];
const deviceRoutes = [
  "GET /v1/device/blobs/:digest",
  "GET /v1/device/certificate",
  "GET /v1/device/releases/:digest",
  "GET /v1/device/root/:version",
];

test("every route says who may call it, and these are the public and the devices' ones", () => {
  const routes = everyRoute();

  const withAccess = (kind: string | undefined) =>
    routes.filter(({ access }) => access?.kind === kind).map(({ route }) => route);

  expect(routes.length).toBeGreaterThan(20);
  expect(withAccess(undefined)).toEqual([]);
  expect(withAccess("public")).toEqual(publicRoutes);
  expect(withAccess("device")).toEqual(deviceRoutes);
});

test("the server has no route besides those that are declared", async () => {
  const app = await createApp({
    services: {
      useCases: unwiredUseCases(),
      health: { database: () => Promise.resolve(), broker: () => Promise.resolve() },
      readRoot: () => undefined,
      local: { isDev: false },
      tally: { count: () => undefined },
      nowMs: () => 0,
    },
    onDefect: () => undefined,
  });
  const served: string[] = [];
  app
    .getHttpAdapter()
    .getInstance()
    .addHook("onRoute", ({ method, url }) => {
      const path = url.replace("([^:/]+)::", ":").replace("::", ":");
      for (const one of [method].flat()) if (one !== "HEAD") served.push(`${one} ${path}`);
    });

  await app.init();

  const declared = everyRoute().map(({ route }) => route);
  expect(served.filter((route) => !route.endsWith("*")).sort()).toEqual(declared);
  expect(served.filter((route) => route.endsWith("*"))).toEqual([]);
  await app.close();
});

test("F58: every route without a login is refused, but for the list of public ones", async () => {
  await using server = await startFleetServer();

  for (const { route, access } of everyRoute()) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await server.ask(pathOf(path), {}, undefined, method);
    if (access?.kind === "public") expect(answer.status, route).not.toBe(401);
    else expect(answer.status, route).toBe(401);
  }
});

test("F58: keys open no route of devices, and a device's login none of operators", async () => {
  await using server = await startFleetServer();
  const device = await member(server, "cam-1");

  for (const { route, access } of everyRoute()) {
    const [method = "", path = ""] = route.split(" ");
    const login = access?.kind === "device" ? server.admin : device;
    const answer = await server.ask(pathOf(path), login, undefined, method);
    if (access?.kind !== "public") expect(answer.status, route).toBe(401);
  }
});

test("a route that declares nothing is closed even to an admin", async () => {
  const { AccessGuard } = await import("../../controller/src/http/access/access-guard.ts");
  const unused = undefined as never;
  const guard = new AccessGuard(
    { getAllAndOverride: () => undefined } as never,
    unused,
    unused,
    unused,
  );
  const context = {
    getHandler: () => undefined,
    getClass: () => undefined,
    switchToHttp: () => ({ getRequest: () => ({}) }),
  };

  await expect(guard.canActivate(context as never)).rejects.toMatchObject({
    code: "NOT_PERMITTED",
  });
});

test("the operations of the document are the routes", async () => {
  const { paths } = (await openApiDocument()) as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    ),
  );

  expect(described.sort()).toEqual(everyRoute().map(({ route }) => route));
});

test.each([
  { host: "127.0.0.1:80", extra: "", status: 200 },
  { host: "localhost", extra: "", status: 200 },
  { host: "[::1]:80", extra: "", status: 200 },
  { host: "localhost:1", extra: "Origin: http://localhost:1\r\n", status: 200 },
  { host: "fleet.example", extra: "", status: 403 },
  { host: "127.0.0.1.fleet.example", extra: "", status: 403 },
  { host: "localhost.fleet.example", extra: "", status: 403 },
  { host: "localhost:1", extra: "Origin: http://fleet.example\r\n", status: 403 },
  { host: "localhost:1", extra: "Origin: null\r\n", status: 403 },
  { host: "localhost:1", extra: "Origin: http://localhost:2\r\n", status: 403 },
  { host: "localhost:1", extra: "X-Forwarded-For: 127.0.0.1\r\n", status: 401 },
])("in development a request to $host with [$extra] answers $status", async (request) => {
  const answer = await rawHttp(
    controller.httpUrl,
    `GET /v1/devices HTTP/1.1\r\nHost: ${request.host}\r\n${request.extra}Connection: close\r\n\r\n`,
  );

  expect(answer.split("\r\n")[0]).toContain(` ${request.status} `);
});

test("a device's secret opens its routes, and a wrong one does not", async () => {
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
