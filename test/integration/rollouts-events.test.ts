import { Problem, RolloutEvent, RolloutEventPage, rolloutLimits } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf } from "../support/http/fleet-server.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";

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

const stream = (headers: Readonly<Record<string, string>> = {}, end?: AbortSignal) =>
  fetch(`${server.url}${path}`, {
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
