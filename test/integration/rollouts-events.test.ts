import { once } from "node:events";
import { connect } from "node:net";
import {
  AuditEvent,
  Problem,
  RolloutEvent,
  RolloutEventPage,
  rolloutLimits,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FollowRollout } from "../../controller/src/app/rollout/follow-rollout.ts";
import { eventually } from "../support/eventually.ts";
import { answerOf } from "../support/http/fleet-server.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";

/** What a system may keep of one connection, at both ends together: by Linux's own settings 32 + 4 MiB. */
const SOCKET_BYTES_MAX = 64 * 1024 * 1024;
const LOOKS_AT_REST = 10;
const CHAIN = { previousHash: "00".repeat(32), hash: "00".repeat(32) };

let server: RolloutServer;
let path = "";
let rollout = "";

beforeAll(async () => {
  server = await startRolloutServer({ devices: 2 });
  await server.world.publish("1.0.0");
  ({ id: rollout } = await server.start({ stages: [percent(50, { review: true }), percent(100)] }));
  path = `/v1/rollouts/${rollout}/events`;
});

afterAll(() => server[Symbol.asyncDispose]());

const stream = (
  headers: Readonly<Record<string, string>> = {},
  end?: AbortSignal,
  query: string = "",
) =>
  fetch(`${server.url}${path}${query}`, {
    headers: { accept: "text/event-stream", ...headers },
    ...(end === undefined ? {} : { signal: end }),
  });

/** Reads events until `isEnough`; the connection is closed then. */
async function read(answer: Response, isEnough: (events: readonly RolloutEvent[]) => boolean) {
  const events: RolloutEvent[] = [];
  const ids: number[] = [];
  let text = "";
  if (answer.body === null) throw new Error("expected a body");
  for await (const bytes of answer.body) {
    text += Buffer.from(bytes).toString("utf8");
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id, json] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
      if (json === undefined) continue;
      ids.push(Number(id));
      events.push(RolloutEvent.parse(JSON.parse(json)));
    }
    if (isEnough(events)) break;
  }
  expect(ids).toEqual(events.map(({ seq }) => seq));
  return events;
}

async function firstBlock(answer: Response): Promise<string> {
  if (answer.body === null) throw new Error("expected a body");
  for await (const bytes of answer.body) {
    return Buffer.from(bytes).toString("utf8").split("\n\n")[0] ?? "";
  }
  throw new Error("expected something");
}

/** Always has more to tell, and knows how much it has told. */
class EndlessLog {
  bytes = 0;

  readonly ports = {
    pageOf: (subject: string, after: number, count: number): Promise<readonly AuditEvent[]> => {
      const detail = JSON.stringify({ reason: "r".repeat(1_000) });
      this.bytes += count * detail.length;
      const entry = { actor: "system", action: "execution.offered", subject, detail };
      const events = Array.from({ length: count }, (_, index) =>
        AuditEvent.parse({ ...entry, seq: after + index + 1, atMs: 0, ...CHAIN }),
      );
      return Promise.resolve(events);
    },
  };

  /** Nobody has asked for a while. */
  async isAtRest(): Promise<void> {
    let [last, looks] = [-1, 0];
    await eventually(() => {
      looks = this.bytes > 0 && this.bytes === last ? looks + 1 : 0;
      last = this.bytes;
      expect(looks).toBeGreaterThanOrEqual(LOOKS_AT_REST);
    });
  }
}

const page = async (after: number) =>
  (await answerOf(await server.ask(`${path}?after=${after}`), RolloutEventPage)).events;

test("what happened comes as a page of JSON, oldest first, from behind a number on", async () => {
  const all = await page(0);
  const half = all[Math.floor(all.length / 2)]?.seq ?? 0;

  expect(all[0]?.action).toBe("rollout.created");
  expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
  expect((await page(half)).map(({ seq }) => seq)).toEqual(
    all.map(({ seq }) => seq).filter((seq) => seq > half),
  );
  expect(await page(all.at(-1)?.seq ?? 0)).toEqual([]);
});

test("a stream tells what was, and then what happens", async () => {
  const before = await page(0);
  const answer = await stream();
  const reading = read(answer, (events) =>
    events.some(({ action }) => action === "rollout.completed"),
  );

  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect((await server.say(rollout, "promote")).status).toBe(200);
  const events = await reading;

  expect(events.slice(0, before.length)).toEqual(before);
  expect(events.map(({ action }) => action)).toContain("rollout.promoted");
});

test("a reader that comes again goes on behind the last event it has, and misses and repeats nothing", async () => {
  const all = await page(0);
  const last = all[2]?.seq ?? 0;

  const answer = await stream({ "last-event-id": String(last) });
  const events = await read(answer, (found) => found.length >= all.length - 3);

  expect(events).toEqual(all.slice(3));
});

test.each(["-1", "x", "1e3", "9".repeat(16)])("%j is the id of no event", async (id) => {
  const answer = await stream({ "last-event-id": id });

  expect(answer.status).toBe(400);
  expect((await answerOf(answer, Problem)).errors?.[0]?.pointer).toBe("/headers/Last-Event-ID");
});

test("a rollout nobody has has no events, and no stream begins", async () => {
  const answer = await fetch(`${server.url}/v1/rollouts/none/events`, {
    headers: { accept: "text/event-stream" },
  });

  expect(answer.status).toBe(404);
  expect((await answerOf(answer, Problem)).code).toBe("ROLLOUT_UNKNOWN");
});

test("no more read at once than may; who leaves makes place", async () => {
  const end = new AbortController();
  const open = await Promise.all(
    Array.from({ length: rolloutLimits.eventStreamsMax }, () => stream({}, end.signal)),
  );
  const refused = await stream();
  const polled = await server.ask(path);
  end.abort();
  const untilThere = async (): Promise<number> => {
    const answer = await stream();
    await answer.body?.cancel();
    return answer.status === 503 ? untilThere() : answer.status;
  };

  expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).not.toBeNull();
  expect((await answerOf(refused, Problem)).code).toBe("STREAMS_TOO_MANY");
  expect(polled.status).toBe(200);
  expect(await untilThere()).toBe(200);
});

test("who asks for the newest is told what happens from now on, and where that begins", async () => {
  const all = await page(0);
  const newest = (await server.world.stores.audit.newest())?.seq;
  const answer = await stream({}, undefined, "?after=newest");
  const reading = read(answer, (events) => events.length > 0);
  await server.post("/v1/rollouts", { ...named, start: false });
  await server.world.stores.audit.append({
    atMs: 0,
    actor: "system",
    action: "rollout.watched",
    subject: `rollout:${rollout}`,
    detail: {},
  });

  expect((await reading).map(({ action }) => action)).toEqual(["rollout.watched"]);
  expect(all.length).toBeGreaterThan(1);
  const again = await stream({}, undefined, "?after=newest");
  const first = await firstBlock(again);
  expect(first).toBe(`id: ${(newest ?? 0) + 2}\nretry: ${rolloutLimits.eventRetryMs}`);
  expect((await server.ask(`${path}?after=oldest`)).status).toBe(400);
});

test("from the log no more is read than a slow reader has taken", async () => {
  const log = new EndlessLog();
  await using own = await startRolloutServer({
    devices: 1,
    replace: ({ stores: { audit, rollouts } }) => ({
      followRollout: new FollowRollout({ rollouts, audit: { ...audit, ...log.ports } }),
    }),
  });
  await own.world.publish("1.0.0");
  const made = await own.post("/v1/rollouts", { ...named, start: false });
  const { id } = (await made.json()) as { id: string };
  const { hostname, port } = new URL(own.url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");

  socket.pause();
  socket.write(
    `GET /v1/rollouts/${id}/events HTTP/1.1\r\nhost: ${hostname}:${port}\r\naccept: text/event-stream\r\n\r\n`,
  );
  await log.isAtRest();
  const standing = log.bytes;
  let taken = 0;
  socket.on("data", (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > 2 * standing) socket.pause();
  });
  socket.resume();
  await eventually(() => expect(taken).toBeGreaterThan(2 * standing));
  await log.isAtRest();
  socket.destroy();

  // What the two ends of a connection keep for each other, by the system's settings.
  expect(standing).toBeLessThan(SOCKET_BYTES_MAX);
  expect(log.bytes - taken).toBeLessThan(SOCKET_BYTES_MAX);
  expect(log.bytes).toBeGreaterThan(standing);
});

test("all streams end when the server closes, and it closes at once", async () => {
  const own = await startRolloutServer({ devices: 1 });
  await own.world.publish("1.0.0");
  const made = await own.post("/v1/rollouts", { ...named, start: false });
  const { id } = (await made.json()) as { id: string };
  const answer = await fetch(`${own.url}/v1/rollouts/${id}/events`, {
    headers: { accept: "text/event-stream" },
  });
  const text = answer.text();

  await own[Symbol.asyncDispose]();

  expect(await text).toContain("rollout.created");
});
