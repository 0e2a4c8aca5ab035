import { eventLimits, Webhook, WebhookCreated, WebhookDeliveryList } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { webhookSender } from "../../controller/src/adapters/webhook-http/webhook-sender.ts";
import {
  isGenuine,
  type ReceivedEvent,
  startReceiver,
  taking,
  type WebhookReceiver,
} from "../support/events/webhook-receiver.ts";
import {
  answerOf,
  type FleetServer,
  keyFor,
  problemOf,
  startFleetServer,
} from "../support/http/fleet-server.ts";

async function added(server: FleetServer, { url }: WebhookReceiver, more: object = {}) {
  const answer = await server.ask("/v1/webhooks", server.admin, { url, ...more });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  return answerOf(answer, WebhookCreated);
}

const say = (server: FleetServer, path: string) =>
  server.ask(`/v1/webhooks/${path}`, server.admin, undefined, "POST");

const deliveriesOf = async (server: FleetServer, id: string) => {
  const answer = await server.ask(`/v1/webhooks/${id}/deliveries`, server.admin);
  return (await answerOf(answer, WebhookDeliveryList)).deliveries;
};

test("a receiver knows an event as ours, of now and unchanged, and anything else as none", async () => {
  await using receiver = await startReceiver();
  await using server = await startFleetServer();
  const { webhook, secret } = await added(server, receiver);

  await say(server, `${webhook.id}:test`);
  await server.deliveries.tick();

  const [got] = receiver.received as readonly [ReceivedEvent];
  const nowSeconds = server.clock.nowMs() / 1_000;
  expect(got.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
  expect(got.event).toMatchObject({ specversion: "1.0", type: "modelfleet.webhook.test" });
  expect(got.headers["webhook-id"]).toBe(got.event.id);
  expect(isGenuine(got, secret, nowSeconds)).toBe(true);
  expect(isGenuine(got, secret, nowSeconds + 301)).toBe(false);
  expect(isGenuine(got, `whsec_${"A".repeat(43)}=`, nowSeconds)).toBe(false);
  expect(isGenuine({ ...got, body: `${got.body} ` }, secret, nowSeconds)).toBe(false);
  const moved = { ...got.headers, "webhook-timestamp": String(Math.floor(nowSeconds) - 1) };
  expect(isGenuine({ ...got, headers: moved }, secret, nowSeconds)).toBe(false);
  const renamed = { ...got.headers, "webhook-id": "another" };
  expect(isGenuine({ ...got, headers: renamed }, secret, nowSeconds)).toBe(false);
  expect(await deliveriesOf(server, webhook.id)).toMatchObject([
    { event: got.event.id, state: "delivered", attempts: 1, status: 204, nextAtMs: null },
  ]);
});

test("a failed delivery comes again later with the same id and body, until it is taken", async () => {
  await using receiver = await startReceiver((_got, answer) => {
    answer.writeHead(receiver.received.length < 3 ? 500 : 200).end("not today");
  });
  await using server = await startFleetServer();
  const { webhook } = await added(server, receiver);
  await say(server, `${webhook.id}:test`);

  await server.deliveries.tick();
  await server.deliveries.tick();
  expect(receiver.received).toHaveLength(1);
  expect(await deliveriesOf(server, webhook.id)).toMatchObject([
    { state: "pending", attempts: 1, status: 500, outcome: "not today" },
  ]);
  for (const waitMs of [eventLimits.retryMsMin, 2 * eventLimits.retryMsMin]) {
    await server.clock.advance(waitMs);
    await server.deliveries.tick();
  }

  expect(receiver.received).toHaveLength(3);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  expect(await deliveriesOf(server, webhook.id)).toMatchObject([
    { state: "delivered", attempts: 3, status: 200 },
  ]);
  expect(server.defects).toEqual([]);
});

test("a receiver that never answers holds up no other, and closing does not wait for it", async () => {
  await using dead = await startReceiver(() => undefined);
  await using living = await startReceiver();
  const server = await startFleetServer();
  const [silent, other] = [await added(server, dead), await added(server, living)];
  for (const { webhook } of [silent, other, other, other]) await say(server, `${webhook.id}:test`);

  const turn = server.deliveries.tick();
  await expect.poll(() => living.received.length).toBe(3);
  await expect.poll(() => dead.received.length).toBe(1);
  // What is under way is not begun a second time.
  const next = server.deliveries.tick();
  const beganMs = performance.now();
  await server.deliveries[Symbol.asyncDispose]();
  await Promise.all([turn, next]);

  expect(performance.now() - beganMs).toBeLessThan(eventLimits.requestMsMax / 2);
  expect(dead.received).toHaveLength(1);
  expect(await deliveriesOf(server, silent.webhook.id)).toMatchObject([
    { state: "pending", attempts: 0 },
  ]);
  await server[Symbol.asyncDispose]();
});

test("a redirection is not followed, and of an endless answer only the beginning is read", async () => {
  await using elsewhere = await startReceiver();
  await using receiver = await startReceiver((got, answer) => {
    if (got.path === "/moved") return answer.writeHead(307, { location: elsewhere.url }).end();
    answer.writeHead(500);
    const flood = () => {
      while (answer.write("x".repeat(64 * 1024)) && !answer.destroyed);
      if (!answer.destroyed) answer.once("drain", flood);
    };
    flood();
    return undefined;
  });
  await using server = await startFleetServer();
  const { origin } = new URL(receiver.url);
  const moved = await added(server, { ...receiver, url: `${origin}/moved` });
  const endless = await added(server, { ...receiver, url: `${origin}/endless` });
  for (const { webhook } of [moved, endless]) await say(server, `${webhook.id}:test`);

  await server.deliveries.tick();

  expect(elsewhere.received).toEqual([]);
  expect(await deliveriesOf(server, moved.webhook.id)).toMatchObject([
    { status: 307, state: "pending" },
  ]);
  const [cut] = await deliveriesOf(server, endless.webhook.id);
  expect(cut).toMatchObject({ status: 500, state: "pending" });
  expect(cut?.outcome).toHaveLength(eventLimits.outcomeLengthMax);
});

test("each webhook is told of what it wants, in order, and nothing while it is off", async () => {
  await using receiver = await startReceiver();
  await using server = await startFleetServer();
  const { webhook } = await added(server, receiver, { types: ["modelfleet.rollout.*"] });
  await added(server, receiver, { types: ["modelfleet.alert.*"] });
  const events = server.stores.events;
  const change = (enabled: boolean) =>
    server.ask(`/v1/webhooks/${webhook.id}`, server.admin, { enabled }, "PATCH");

  await change(false);
  await say(server, `${webhook.id}:test`);
  await server.deliveries.tick();
  expect(receiver.received).toEqual([]);
  expect(await answerOf(await change(true), Webhook)).toMatchObject({ enabled: true, pending: 1 });
  await server.deliveries.tick();

  expect(receiver.received.map(({ event }) => event.type)).toEqual(["modelfleet.webhook.test"]);
  expect(await events.tallies()).toEqual({ pending: 0, delivered: 1, failed: 0 });
});

test("what was given up is sent again when somebody asks for it, and what was never meant for it is not", async () => {
  await using receiver = await startReceiver((_got, answer) => void answer.writeHead(410).end());
  await using server = await startFleetServer();
  const [{ webhook }, other] = [await added(server, receiver), await added(server, receiver)];
  await say(server, `${webhook.id}:test`);
  await server.deliveries.tick();
  const [failed] = await deliveriesOf(server, webhook.id);
  expect(failed).toMatchObject({ state: "failed", attempts: 1, status: 410 });
  expect(server.log.named("webhook.given-up")).toMatchObject([
    { webhook: webhook.id, attempts: 1 },
  ]);
  receiver.answer = taking;

  const again = await say(server, `${webhook.id}/deliveries/${failed?.event ?? ""}:redeliver`);
  await server.deliveries.tick();

  expect(again.status).toBe(200);
  expect(receiver.received.map(({ event }) => event.id)).toEqual([failed?.event, failed?.event]);
  expect(await deliveriesOf(server, webhook.id)).toMatchObject([
    { state: "delivered", attempts: 1 },
  ]);
  const foreign = await say(
    server,
    `${other.webhook.id}/deliveries/${failed?.event ?? ""}:redeliver`,
  );
  expect(await problemOf(foreign)).toMatchObject({ status: 404, code: "DELIVERY_UNKNOWN" });
});

test("an address that is not the public's is refused when it is added, and so is a login in it", async () => {
  await using server = await startFleetServer();
  const refused = async (url: string) =>
    problemOf(await server.ask("/v1/webhooks", server.admin, { url }));

  expect(await refused("http://169.254.169.254/latest/meta-data")).toMatchObject({
    status: 422,
    code: "WEBHOOK_ADDRESS",
  });
  for (const url of ["https://user:secret@hooks.example/", "ftp://hooks.example/", "hooks"]) {
    expect(await refused(url)).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
  }
});

test("a name is looked at where it leads at the moment of sending", async () => {
  await using receiver = await startReceiver();
  const { port } = new URL(receiver.url);
  const secret = `whsec_${"A".repeat(43)}=`;
  const message = { secret, id: "test-1", body: "{}", sentAtMs: 0 };
  const send = (networks: readonly string[]) =>
    webhookSender(networks).send(
      { ...message, url: `http://localhost:${port}/hook` },
      new AbortController().signal,
    );

  expect(await send(["10.0.0.0/8"])).toEqual({
    kind: "unanswered",
    reason: expect.stringContaining("--webhook-network") as string,
  });
  expect(receiver.received).toEqual([]);
  expect(await send(["127.0.0.0/8", "::1"])).toMatchObject({ kind: "answered", status: 204 });
});

test("webhooks are the whole fleet's admin's alone, and their secret is never shown again", async () => {
  await using receiver = await startReceiver();
  await using server = await startFleetServer();
  const { webhook, secret } = await added(server, receiver);
  const deployer = await keyFor(server, { role: "deployer" });
  const siteAdmin = await keyFor(server, { role: "admin", labels: { site: "a" } });

  for (const headers of [deployer, siteAdmin]) {
    for (const path of ["/v1/webhooks", `/v1/webhooks/${webhook.id}/deliveries`]) {
      expect((await server.ask(path, headers)).status, path).toBe(403);
    }
    const made = await server.ask("/v1/webhooks", headers, { url: receiver.url });
    expect(made.status).toBe(403);
  }
  const shown = await (await server.ask("/v1/webhooks", server.admin)).text();
  const audit = await (await server.ask("/v1/audit", server.admin)).text();
  expect(shown).toContain(webhook.id);
  expect(audit).toContain("webhook.added");
  for (const text of [shown, audit, JSON.stringify(server.log.events)]) {
    expect(text).not.toContain(secret);
  }
});

test("there are no more webhooks than their number, and one that is removed makes room", async () => {
  await using receiver = await startReceiver();
  await using server = await startFleetServer();
  const first = await added(server, receiver);
  for (let count = 1; count < eventLimits.webhooksMax; count++) await added(server, receiver);

  const tooMany = await server.ask("/v1/webhooks", server.admin, { url: receiver.url });
  expect(await problemOf(tooMany)).toMatchObject({ status: 409, code: "WEBHOOKS_TOO_MANY" });
  const path = `/v1/webhooks/${first.webhook.id}`;
  await say(server, `${first.webhook.id}:test`);
  expect((await server.ask(path, server.admin, undefined, "DELETE")).status).toBe(200);

  expect((await server.ask(path, server.admin, undefined, "DELETE")).status).toBe(404);
  await added(server, receiver);
  await server.deliveries.tick();
  expect(receiver.received).toEqual([]);
});

test("events are forgotten after their time, unless somebody is still to be told, and no number comes twice", async () => {
  await using receiver = await startReceiver((_got, answer) => void answer.writeHead(500).end());
  await using server = await startFleetServer();
  const [taken, open] = [await added(server, receiver), await added(server, receiver)];
  receiver.answer = taking;
  for (let count = 0; count < 3; count++) await say(server, `${taken.webhook.id}:test`);
  await server.deliveries.tick();
  const nowMs = server.clock.nowMs();

  expect(await server.stores.events.forget(nowMs, 100)).toBe(0);
  expect(await server.stores.events.forget(nowMs + 1, 2)).toBe(2);
  expect(await server.stores.events.forget(nowMs + 1, 100)).toBe(0);
  await say(server, `${open.webhook.id}:test`);

  expect(await deliveriesOf(server, taken.webhook.id)).toHaveLength(1);
  await server.clock.advance(1);
  await server.deliveries.tick();
  expect(receiver.received.map(({ event }) => Number(event["sequence"]))).toEqual([1, 2, 3, 4]);
});
