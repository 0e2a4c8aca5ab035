import type { Rollout } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";

let own: RolloutServer;
const page = async (query: string) => {
  const answer = await own.ask(query.startsWith("/") ? query : `/v1/rollouts?${query}`);
  const next = /^<(.+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
  const { rollouts } = (await answer.json()) as { rollouts: Partial<Rollout>[] };
  return { status: answer.status, next, rollouts };
};

beforeAll(async () => {
  own = await startRolloutServer({ devices: 1 });
  await own.world.publish("1.0.0");
  for (let priority = 0; priority < 5; priority++) {
    await own.post("/v1/rollouts", { ...named, start: false, plan: { priority } });
    await own.world.clock.advance(1_000);
  }
});
afterAll(() => own[Symbol.asyncDispose]());

test("come in pages, the newest first, and a link leads to the next until there is none", async () => {
  const first = await page("limit=2");
  const second = await page(first.next ?? "");
  const third = await page(second.next ?? "");
  const priorities = [first, second, third].map(({ rollouts }) =>
    rollouts.map(({ plan }) => plan?.priority),
  );

  expect(priorities).toEqual([[4, 3], [2, 1], [0]]);
  expect(third.next).toBeUndefined();
});

test("a filtered page is filled from further on, and its link keeps the filter", async () => {
  const filter = encodeURIComponent("priority=in=(4,1,0);state==draft");
  const first = await page(`limit=2&filter=${filter}&sort=createdAt&fields=plan,state`);
  const second = await page(first.next ?? "");

  expect(first.rollouts.map(({ plan }) => plan?.priority)).toEqual([0, 1]);
  expect(second.rollouts.map(({ plan }) => plan?.priority)).toEqual([4]);
  expect(Object.keys(second.rollouts[0] ?? {}).sort()).toEqual(["id", "plan", "state"]);
});

test.each([
  ["limit=0", 400],
  ["limit=501", 400],
  ["limit=500", 200],
  ["sort=priority", 400],
  ["filter=colour==red", 422],
  ["filter=state==", 422],
])("%s answers %i", async (query, status) => {
  expect((await own.ask(`/v1/rollouts?${query}`)).status).toBe(status);
});
