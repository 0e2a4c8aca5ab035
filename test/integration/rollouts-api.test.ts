import { Rollout, RolloutList, RolloutPreview, type RolloutState } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, problemOf } from "../support/http/fleet-server.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";

const siteOf = (number: number) => ({ site: number < 6 ? "plant-a" : "plant-b" });
let server: RolloutServer;

beforeAll(async () => {
  server = await startRolloutServer({ devices: 8, labelsOf: siteOf });
  await server.world.publish("1.0.0");
});

afterAll(async () => {
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** As long as nobody starts it, it is in nobody's way. */
const draft = async (plan: object = {}) => {
  const answer = await server.post("/v1/rollouts", { ...named, plan, start: false });
  expect(answer.status).toBe(201);
  return { rollout: await answerOf(answer, Rollout), etag: answer.headers.get("etag") ?? "" };
};

describe("creating", () => {
  const keyed = (key: string, body: object = { ...named, start: false }) =>
    server.post("/v1/rollouts", body, { "idempotency-key": key });

  test("R30: same key and body ten times in parallel make one rollout; other body 422; stale If-Match 412", async () => {
    const count = async () =>
      (await answerOf(await server.ask("/v1/rollouts?limit=500"), RolloutList)).rollouts.length;
    const before = await count();

    const answers = await Promise.all(Array.from({ length: 10 }, () => keyed("k-1")));
    const rollouts = await Promise.all(answers.map((answer) => answerOf(answer, Rollout)));
    const [{ id } = { id: "" }] = rollouts;
    const [etag = ""] = answers.map(({ headers }) => headers.get("etag") ?? "");
    const other = await keyed("k-1", { start: false, ...named, plan: { priority: 51 } });
    const abort = (ifMatch: string) =>
      server.post(
        `/v1/rollouts/${id}:abort`,
        { reason: "a test", devices: "keep" },
        { "if-match": ifMatch },
      );
    const [fresh, stale] = [await abort(etag), await abort(etag)];

    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(rollouts.map((rollout) => rollout.id))).toEqual(new Set([id]));
    expect(await count()).toBe(before + 1);
    expect([other.status, (await problemOf(other)).code]).toEqual([422, "KEY_REUSED"]);
    expect(fresh.status).toBe(200);
    expect([stale.status, (await problemOf(stale)).code]).toEqual([412, "STALE"]);
    expect((await answerOf(await keyed("k-1"), Rollout)).id).toBe(id);
  });

  test("a default that is written out is the same body", async () => {
    const first = await answerOf(await keyed("k-2"), Rollout);

    const same = await keyed("k-2", { start: false, ...named, plan: { priority: 50 } });

    expect((await answerOf(same, Rollout)).id).toBe(first.id);
  });

  test("a key belongs to its caller", async () => {
    const key = await server.keyFor({ role: "admin" });
    const mine = await answerOf(await keyed("k-3"), Rollout);

    const body = { ...named, start: false };
    const theirs = await server.post("/v1/rollouts", body, { "idempotency-key": "k-3", ...key });

    expect((await answerOf(theirs, Rollout)).id).not.toBe(mine.id);
  });

  test("a call that was refused takes no key", async () => {
    const empty = { ...named, start: false, plan: { select: "site==nowhere" } };

    expect((await problemOf(await keyed("k-4", empty))).code).toBe("TARGET_EMPTY");
    expect((await problemOf(await keyed("k-4", empty))).code).toBe("TARGET_EMPTY");
    expect((await keyed("k-4")).status).toBe(201);
  });

  test.each(["", "k".repeat(129), "two words"])("%j is no key", async (key) => {
    const answer = await keyed(key);

    expect(answer.status).toBe(400);
    expect((await problemOf(answer)).errors?.[0]?.pointer).toBe("/headers/Idempotency-Key");
  });

  test("without a key each call makes one", async () => {
    const [one, other] = [await draft(), await draft()];

    expect(one.rollout.id).not.toBe(other.rollout.id);
  });

  test("a plan whose parts do not go together is refused with a pointer to each place", async () => {
    const plan = { stages: [percent(50), percent(25)], select: "site=!x" };
    const answer = await server.post("/v1/rollouts", { ...named, plan });

    expect(answer.status).toBe(422);
    const problem = await problemOf(answer);
    expect(problem.code).toBe("PLAN_INVALID");
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual([
      "/select",
      "/stages/1/size/percent",
    ]);
  });

  test("a member that no plan has is refused before any use case sees it", async () => {
    const answer = await server.post("/v1/rollouts", { ...named, plan: { stage: [] } });

    expect(answer.status).toBe(400);
    expect((await problemOf(answer)).code).toBe("REQUEST_INVALID");
  });
});

describe("the preview", () => {
  const preview = (body: object, headers = {}) =>
    server.post("/v1/rollouts:validate", { ...named, ...body }, headers);

  test("counts, and changes nothing", async () => {
    const before = await answerOf(await server.ask("/v1/rollouts?limit=500"), RolloutList);
    const answer = await preview({ plan: { stages: [percent(25), percent(100)] } });
    const found = await answerOf(answer, RolloutPreview);
    const after = await answerOf(await server.ask("/v1/rollouts?limit=500"), RolloutList);

    expect(answer.status).toBe(200);
    expect(found).toMatchObject({ devices: 8, eligible: { count: 8 }, pinned: { count: 0 } });
    expect(found.stages.map(({ devices }) => devices)).toEqual([2, 6]);
    expect(found.downloadBytes).toBeGreaterThan(0);
    expect(after.rollouts.map(({ id }) => id)).toEqual(before.rollouts.map(({ id }) => id));
  });

  test("speaks of the caller's devices alone", async () => {
    const key = await server.keyFor({ role: "deployer", labels: { site: "plant-b" } });

    const found = await answerOf(await preview({}, key), RolloutPreview);

    expect(found.eligible.devices).toEqual(["cam-0006", "cam-0007"]);
  });

  test("is refused to who may only look, for a release nobody has, and for a plan that cannot be", async () => {
    const viewer = await server.keyFor({ role: "viewer" });

    expect((await preview({}, viewer)).status).toBe(403);
    expect((await preview({ version: "9.9.9" })).status).toBe(404);
    expect((await preview({ plan: { stages: [percent(9), percent(9)] } })).status).toBe(422);
  });
});

describe("what the caller has seen", () => {
  test("its ETag spares an answer, until something changes", async () => {
    const { rollout } = await draft();
    const seen = await server.ask(`/v1/rollouts/${rollout.id}`);
    const etag = seen.headers.get("etag") ?? "";

    const again = await server.ask(`/v1/rollouts/${rollout.id}`, { "if-none-match": etag });
    await server.say(rollout.id, "abort", { devices: "keep" });
    const later = await server.ask(`/v1/rollouts/${rollout.id}`, { "if-none-match": etag });

    expect(etag).toMatch(/^"1-[0-9a-f]{16}"$/);
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("etag")).toBe(etag);
    expect(later.status).toBe(200);
  });

  test("a word about what has changed since is refused with 412", async () => {
    const { rollout, etag } = await draft();
    const say = (ifMatch: string) =>
      server.post(
        `/v1/rollouts/${rollout.id}:abort`,
        { reason: "a test", devices: "keep" },
        { "if-match": ifMatch },
      );

    const stale = await say('"2"');
    const wrong = await say("W/x");
    const right = await say(etag);
    const late = await say(etag);

    expect([stale.status, wrong.status, right.status, late.status]).toEqual([412, 400, 200, 412]);
    expect((await problemOf(stale)).code).toBe("STALE");
    expect(right.headers.get("etag")).not.toBe(etag);
  });
});

describe("words", () => {
  test("each verb is heard under its name, needs a reason, and is refused where the state does not allow it", async () => {
    const { rollout } = await draft();
    const path = `/v1/rollouts/${rollout.id}`;
    for (const verb of ["pause", "resume", "approve", "deny", "promote", "retryFailed"]) {
      expect((await server.post(`${path}:${verb}`, {})).status, verb).toBe(400);
      const refused = await server.post(`${path}:${verb}`, { reason: "a test" });
      expect([verb, refused.status, (await problemOf(refused)).code]).toEqual([
        verb,
        409,
        "ROLLOUT_STATE",
      ]);
    }
    expect((await server.post(`${path}:abort`, { reason: "no devices" })).status).toBe(400);
    expect((await server.post(`${path}:launch`, { reason: "a test" })).status).toBe(404);
    expect((await server.post("/v1/rollouts/none:pause", { reason: "a test" })).status).toBe(404);
  });

  test("a reason has an end", async () => {
    const { rollout } = await draft();
    const say = (reason: string) =>
      server.post(`/v1/rollouts/${rollout.id}:abort`, { reason, devices: "keep" });

    expect((await say("r".repeat(513))).status).toBe(400);
    expect((await say("   ")).status).toBe(400);
    expect((await say("r".repeat(512))).status).toBe(200);
  });

  test("who may look may not speak, and who has another site does not even see it", async () => {
    const { rollout } = await draft({ select: "site==plant-a" });
    const all = await draft();
    const scoped = await server.keyFor({ role: "deployer", labels: { site: "plant-a" } });
    const made = await answerOf(
      await server.post(
        "/v1/rollouts",
        { ...named, start: false, plan: { select: "site==plant-a" } },
        scoped,
      ),
      Rollout,
    );
    const [viewer, foreign] = [
      await server.keyFor({ role: "viewer" }),
      await server.keyFor({ role: "deployer", labels: { site: "plant-b" } }),
    ];
    const speak = async (id: string, key: Readonly<Record<string, string>>) =>
      (await server.post(`/v1/rollouts/${id}:abort`, { reason: "r", devices: "keep" }, key)).status;
    const look = async (id: string, key: Readonly<Record<string, string>>) =>
      (await server.ask(`/v1/rollouts/${id}`, key)).status;

    expect([await look(made.id, viewer), await speak(made.id, viewer)]).toEqual([200, 403]);
    expect([await look(made.id, foreign), await speak(made.id, foreign)]).toEqual([404, 404]);
    expect([await look(all.rollout.id, scoped), await look(rollout.id, foreign)]).toEqual([
      404, 404,
    ]);
    const events = await server.ask(`/v1/rollouts/${made.id}/events`, foreign);
    expect(events.status).toBe(404);
    expect(await speak(made.id, scoped)).toBe(200);
  });
});

test("a rollout that is followed to its end is completed, and every device of it confirmed", async () => {
  await using own = await startRolloutServer({ devices: 4 });
  await own.world.publish("1.0.0");
  const { id } = await own.start({ stages: [percent(25), percent(100)] });

  const found = await answerOf(await own.ask(`/v1/rollouts/${id}`), Rollout);

  expect(found.state).toBe("completed" satisfies RolloutState);
  expect(found.stages.map(({ state, ok }) => [state, ok])).toEqual([
    ["passed", 1],
    ["passed", 3],
  ]);
  expect(found).not.toHaveProperty("scope");
});

test("R19: over HTTP nobody approves his own rollout, and a second person does", async () => {
  await using own = await startRolloutServer({ devices: 2 });
  await own.world.publish("1.0.0");
  const [ann, bob] = [
    await own.keyFor({ role: "deployer" }),
    await own.keyFor({ role: "deployer" }),
  ];
  const made = await own.post("/v1/rollouts", { ...named, plan: { approval: true } }, ann);
  const { id } = await answerOf(made, Rollout);
  await own.world.settle();
  const sentBefore = own.world.bus.sent;
  const approve = (key: Readonly<Record<string, string>>) =>
    own.post(`/v1/rollouts/${id}:approve`, { reason: "looked at" }, key);

  const refused = await approve(ann);
  await own.world.settle();
  const sentAfterOwn = own.world.bus.sent;
  const approved = await approve(bob);
  await own.world.settle();

  expect(refused.status).toBe(403);
  expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = await problemOf(refused);
  expect(problem.code).toBe("SECOND_PERSON_REQUIRED");
  expect(problem.type).toMatch(/SECOND_PERSON_REQUIRED$/i);
  expect(sentAfterOwn).toBe(sentBefore);
  expect([approved.status, (await answerOf(approved, Rollout)).approval.state]).toEqual([
    200,
    "approved",
  ]);
  expect((await own.world.show(id)).state).toBe("completed");
});
