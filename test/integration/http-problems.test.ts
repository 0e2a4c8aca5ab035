import { apiLimits, claimLimits, Problem } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rawHttp } from "../support/http/raw-http.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";

const json = { "content-type": "application/json" };

interface Case {
  readonly what: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code: string;
  readonly pointers?: readonly string[];
}

const cases: readonly Case[] = [
  { what: "an unknown route", path: "/nowhere", status: 404, code: "ROUTE_UNKNOWN" },
  {
    what: "an unknown page of the documentation",
    path: "/docs/nowhere",
    status: 404,
    code: "ROUTE_UNKNOWN",
  },
  { what: "an unknown device", path: "/v1/devices/cam-9", status: 404, code: "DEVICE_UNKNOWN" },
  {
    what: "a device id that cannot be one",
    path: "/v1/devices/A",
    status: 400,
    code: "REQUEST_INVALID",
  },
  {
    what: "an unknown release",
    path: `/v1/releases/${"a".repeat(64)}`,
    status: 404,
    code: "RELEASE_UNKNOWN",
  },
  {
    what: "an unknown deployment",
    path: "/v1/deployments/x",
    status: 404,
    code: "DEPLOYMENT_UNKNOWN",
  },
  {
    what: "a route with another method",
    path: "/v1/claims",
    init: { method: "DELETE" },
    status: 404,
    code: "ROUTE_UNKNOWN",
  },
  {
    what: "broken JSON",
    path: "/v1/claims",
    init: { method: "POST", headers: json, body: "{" },
    status: 400,
    code: "REQUEST_INVALID",
  },
  {
    what: "JSON that sets a prototype",
    path: "/v1/claims",
    init: { method: "POST", headers: json, body: '{"__proto__":{"x":1}}' },
    status: 400,
    code: "REQUEST_INVALID",
  },
  {
    what: "no body",
    path: "/v1/claims",
    init: { method: "POST" },
    status: 400,
    code: "REQUEST_INVALID",
    pointers: [""],
  },
  {
    what: "two wrong fields",
    path: "/v1/claims",
    init: { method: "POST", headers: json, body: '{"class":"CAM","uses":0}' },
    status: 400,
    code: "REQUEST_INVALID",
    pointers: ["/class", "/uses"],
  },
  {
    what: "a field deep inside",
    path: "/v1/claims",
    init: { method: "POST", headers: json, body: '{"class":"cam","labels":{"a/b":"x"}}' },
    status: 400,
    code: "REQUEST_INVALID",
    pointers: ["/labels/a~1b"],
  },
  {
    what: "text for JSON",
    path: "/v1/claims",
    init: { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" },
    status: 415,
    code: "MEDIA_TYPE",
  },
  {
    what: "a form for JSON",
    path: "/v1/claims",
    init: { method: "POST", body: new URLSearchParams({ class: "cam" }) },
    status: 415,
    code: "MEDIA_TYPE",
  },
  {
    what: "JSON for an upload",
    path: "/v1/releases",
    init: { method: "POST", headers: json, body: "{}" },
    status: 415,
    code: "UPLOAD_EXPECTED",
  },
  {
    what: "a body above the limit",
    path: "/v1/claims",
    init: { method: "POST", headers: json, body: " ".repeat(apiLimits.jsonBytesMax + 1) },
    status: 413,
    code: "SIZE",
  },
  {
    what: "an enrolment above its own, lower limit",
    path: "/v1/enrol",
    init: { method: "POST", headers: json, body: " ".repeat(claimLimits.requestBytesMax + 1) },
    status: 413,
    code: "SIZE",
  },
  {
    what: "a wrong number in a query",
    path: "/v1/telemetry?sinceMs=soon",
    status: 400,
    code: "REQUEST_INVALID",
    pointers: ["/sinceMs"],
  },
  {
    what: "a wrong label in a query",
    path: "/v1/devices?label=site",
    status: 400,
    code: "REQUEST_INVALID",
  },
  {
    what: "a path that is too long",
    path: `/v1/devices/${"a".repeat(200)}`,
    status: 414,
    code: "URL_TOO_LONG",
  },
  {
    what: "a path with a broken escape",
    path: "/v1/devices/%zz",
    status: 400,
    code: "REQUEST_INVALID",
  },
  {
    what: "a device route without a login",
    path: "/v1/device/root/1",
    status: 401,
    code: "DEVICE_LOGIN_REQUIRED",
  },
  {
    what: "a key where none is set",
    path: "/v1/devices",
    init: { headers: { authorization: "Bearer x" } },
    status: 401,
    code: "OPERATOR_KEY_REQUIRED",
  },
];

let controller: InProcessController;

beforeAll(async () => {
  controller = await startInProcess();
});

afterAll(() => controller[Symbol.asyncDispose]());

test.each(cases)("$what is a problem with code $code and status $status", async (expected) => {
  const answer = await controller.fetch(expected.path, expected.init);

  expect(answer.status).toBe(expected.status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(await answer.json());
  expect(problem).toMatchObject({ status: expected.status, code: expected.code });
  expect(problem.type).toBe(`urn:modelfleet:problem:${expected.code}`);
  if (expected.pointers !== undefined) {
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(expected.pointers);
  }
  expect(controller.defects).toEqual([]);
});

test.each([
  [
    "/v1/alerts/x:ack",
    { method: "POST" },
    "expected a body of JSON, an object with note; got none",
  ],
  ["/v1/claims", { method: "POST" }, "expected a body of JSON, an object with class, uses,"],
  ["/v1/webhooks", { method: "POST" }, "expected a body of JSON, an object with"],
  ["/v1/alerts/x:ack", { method: "POST", headers: json, body: "" }, "send at least {}"],
  ["/v1/alerts/x:ack", { method: "POST", headers: json, body: "{" }, "expected a body of JSON"],
  ["/v1/alerts/x:ack", { method: "POST", headers: json, body: "[]" }, "expected an object, got a"],
  [
    "/v1/alerts/x:ack",
    { method: "POST", headers: json, body: "null" },
    "expected an object, got null",
  ],
  [
    "/v1/alerts/x:ack",
    { method: "POST", headers: json, body: '{"nte":"lamp"}' },
    "/nte: expected no such member; there are note",
  ],
  [
    "/v1/alerts/x:ack",
    { method: "POST", headers: { ...json, "if-match": "3" }, body: "{}" },
    'expected the ETag that its GET answers with, like "3" or',
  ],
  ["/v1/alerts?limit=0", {}, "/limit: expected a number of at least 1, got 0"],
  ["/v1/audit?count=-1", {}, "/count: expected a number of at least 1, got -1"],
  ["/v1/alerts?cursor=zzz", {}, "/cursor: expected the cursor of a next page"],
  ["/v1/alerts?stat=OK", {}, "/stat: expected no such member; there are state, model,"],
  ["/v1/models/m/drift?chort=a", {}, "/chort: expected no such member; there are version, cohort"],
  [
    "/v1/models/m/versions/1.0.0/learned-profile?cohort=fleet&items=10",
    {},
    "/items: expected a number of at least 500, got 10",
  ],
  [
    "/v1/models/m/versions/1.0.0/learned-profile?cohort=fleet&window=9",
    {},
    "/window: expected no such member; there are cohort, windows, items",
  ],
  ["/v1/maintenance?modl=a", {}, "/modl: expected no such member; there are model"],
  ["/v1/alerts?state=LOUD", {}, 'expected one of "INSUFFICIENT_DATA", "OK", "PENDING"'],
  ["/v1/alerts?limit=many", {}, "/limit: expected a number, got"],
  ["/v1/models/X/drift", {}, "expected"],
])("%s with %j is refused in words of ours", async (path, init, words) => {
  const answer = await controller.fetch(path, init);

  expect(answer.status).toBe(400);
  const { detail } = Problem.parse(await answer.json());
  expect(detail).toContain(words);
  expect(detail).not.toMatch(/Invalid|Too small|Too big|received|cannot be empty/);
});

test("a body of exactly its limit is read", async () => {
  const body = '{"class":"cam-v2"}'.padEnd(apiLimits.jsonBytesMax);

  const answer = await controller.fetch("/v1/claims", { method: "POST", headers: json, body });

  expect(answer.status).toBe(201);
});

test("headers above their limit are refused and the server goes on", async () => {
  const answer = await rawHttp(
    controller.httpUrl,
    `GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(apiLimits.headerBytesMax)}\r\n\r\n`,
  );

  expect(answer).toMatch(/^HTTP\/1.1 431 /);
  expect(answer).toContain("application/problem+json");
  expect((await controller.fetch("/health/live")).status).toBe(200);
});

test("bytes that are no HTTP are refused and the server goes on", async () => {
  expect(await rawHttp(controller.httpUrl, "\u0010\u0000mqtt?\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);

  expect((await controller.fetch("/health/live")).status).toBe(200);
});

test("enrolments from one address beyond the burst are told to come again", async () => {
  const attempts = claimLimits.enrolBurstPerAddressMax + 10;
  const body = { envelope: "AAAA", mac: "A".repeat(43).padEnd(44, "=") };

  const answers = await Promise.all(
    Array.from({ length: attempts }, () => controller.post("/v1/enrol", body)),
  );

  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(
    claimLimits.enrolBurstPerAddressMax,
  );
  const late = answers.find(({ status }) => status === 429);
  expect(Number(late?.headers.get("retry-after"))).toBeGreaterThan(0);
});
