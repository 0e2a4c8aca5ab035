/**
 * The API over real use cases and a real database in memory, with the fixture fleet's keys, a clock that stands still
 * and no broker: as a controller without --dev, whose first admin key is known.
 */
import { setImmediate } from "node:timers/promises";
import {
  type ApiKey,
  ApiKeyCreated,
  ClaimCreated,
  decodeBase64,
  EnrolResponse,
  type Grant,
  openCredential,
  openPinnedRoot,
  Problem,
  parseEnrolment,
} from "@modelfleet/protocol";
import { expect } from "vitest";
import type { z } from "zod";
import { openBlobFolder } from "../../../controller/src/adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "../../../controller/src/adapters/calendar/croner-calendar.ts";
import { metricsText } from "../../../controller/src/adapters/metrics/metrics-text.ts";
import { openDatabase } from "../../../controller/src/adapters/sql/open-database.ts";
import { webhookSender } from "../../../controller/src/adapters/webhook-http/webhook-sender.ts";
import { MakeAdminKey } from "../../../controller/src/app/access/make-admin-key.ts";
import { compose, type Ports } from "../../../controller/src/compose.ts";
import { startHttpServer } from "../../../controller/src/http/http-server.ts";
import { fixtureKeys } from "../controller/fixture-keys.ts";
import { ManualClock } from "../controller/manual-clock.ts";
import { RecordingBus } from "../controller/recording-bus.ts";
import { RecordingLog } from "../controller/recording-log.ts";
import { nonceOf, SimulatedDevice } from "../controller/simulated-device.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { fixtureTimes } from "../trust-fixtures.ts";
import { basic } from "./enrolled-device.ts";
import { smallForm } from "./upload-form.ts";

export interface FleetServerOptions
  extends Partial<Pick<Ports, "tokens" | "releasesAwaitApproval" | "rolloutsAwaitApproval">> {
  readonly clock?: ManualClock;
  readonly trustedProxies?: readonly string[];
}

export type Headers = Readonly<Record<string, string>>;
export type FleetServer = Awaited<ReturnType<typeof startFleetServer>>;

export async function startFleetServer(options: FleetServerOptions = {}) {
  const { trustedProxies = [], clock = new ManualClock(fixtureTimes.nowMs), ...given } = options;
  const folder = await temporaryFolder();
  const stores = await openDatabase(":memory:");
  const [bus, log, defects] = [new RecordingBus(), new RecordingLog(), [] as unknown[]];
  const tally = { count: () => undefined };
  const endpoints = () => ({ controllerUrl: "http://fleet.test", brokerUrl: "mqtt://fleet.test" });
  const blobs = await openBlobFolder(folder.path);
  const authority = undefined;
  const ports = {
    ...stores,
    authority,
    clock,
    bus,
    log,
    tally,
    blobs,
    keys: fixtureKeys(),
    endpoints,
    breathe: () => setImmediate(),
    calendar: cronerCalendar(),
    sender: webhookSender(["127.0.0.0/8"]),
    writeMetrics: metricsText,
    process: { connections: () => 3, eventLoopLag: () => ({ "0.99": 0.25 }) },
    onDefect: (error: unknown) => void defects.push(error),
  };
  const { useCases, acks, deliveries, readmissions, rolloutEngine } = compose({
    ...ports,
    ...given,
  });
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    onDefect: ports.onDefect,
    trustedProxies,
    services: {
      useCases,
      health: { database: stores.ping, broker: () => Promise.resolve() },
      readRoot: () => undefined,
      local: { isDev: false },
      tally,
      nowMs: clock.nowMs,
    },
  });
  const first = await new MakeAdminKey(ports).first();
  const url = `http://127.0.0.1:${server.port}`;
  return {
    ...{ url, stores, clock, bus, log, defects, deliveries, rolloutEngine },
    adminKey: first?.secret ?? "",
    admin: bearer(first?.secret ?? ""),
    /** With a body it is a POST, unless `init` says otherwise. */
    ask: (path: string, headers: Headers, body?: unknown, method?: string) =>
      fetch(`${url}${path}`, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers: {
          ...headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    publish: (headers: Headers, manifest: object = {}) =>
      fetch(`${url}/v1/releases`, { method: "POST", headers, body: smallForm(manifest) }),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await readmissions[Symbol.asyncDispose]();
      await rolloutEngine[Symbol.asyncDispose]();
      await deliveries[Symbol.asyncDispose]();
      await acks[Symbol.asyncDispose]();
      await stores[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

/** Grants as a person would write them: what is left out is everything. */
export type GrantLike = Pick<Grant, "role"> & Partial<Grant>;

/** A key with these grants, made by the first admin. */
export async function keyFor(
  server: FleetServer,
  ...grants: readonly GrantLike[]
): Promise<Headers & { readonly authorization: string }> {
  return bearerOf(await createdKey(server, grants));
}

export async function createdKey(
  server: FleetServer,
  grants: readonly GrantLike[],
  more: object = {},
): Promise<{ readonly key: ApiKey; readonly secret: string }> {
  const body = { name: "test", grants, ...more };
  return answerOf(await server.ask("/v1/api-keys", server.admin, body), ApiKeyCreated);
}

export function bearerOf({ secret }: { readonly secret: string }) {
  return { authorization: `Bearer ${secret}` };
}

export async function answerOf<Schema extends z.ZodType>(
  answer: Response,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return schema.parse(await answer.json());
}

/** What was refused, in the one form that every refusal has. */
export async function problemOf(answer: Response): Promise<Problem> {
  const problem = await answerOf(answer, Problem);
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  expect(problem.status).toBe(answer.status);
  return problem;
}

/** A member of the fleet with these labels. @returns its login to the routes of devices */
export async function member(
  server: FleetServer,
  id: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<Headers> {
  const request = { class: "cam-v2", labels };
  const claim = await server.ask("/v1/claims", server.admin, request);
  const { enrolment } = await answerOf(claim, ClaimCreated);
  const device = new SimulatedDevice(id);
  const answer = await server.ask("/v1/enrol", {}, device.enrolRequest(enrolment));
  const response = await answerOf(answer, EnrolResponse);
  if (!("credential" in response)) throw new Error("expected a credential");
  const [root, credential] = [decodeBase64(response.root), decodeBase64(response.credential)];
  if (root === undefined || credential === undefined) throw new Error("expected base64");
  const pinned = openPinnedRoot(root, parseEnrolment(enrolment).rootSha256);
  return { authorization: basic(id, openCredential(pinned, credential, nonceOf(1)).secret) };
}
