import { RolloutDeviceList, RolloutExplanation, RolloutPreview } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerOf, problemOf } from "../support/http/fleet-server.ts";
import { percent } from "../support/rollout/rollout-questions.ts";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";

const siteOf = (number: number) => ({ site: number < 6 ? "plant-a" : "plant-b" });
let server: RolloutServer;
let id = "";

beforeAll(async () => {
  server = await startRolloutServer({ devices: 8, labelsOf: siteOf });
  const held = { groupBy: "site", unavailableMax: 1 };
  server.world.conductOf = () => ({ kind: "stop-after", step: "downloading" });
  await server.world.publish("1.0.0");
  const plan = { stages: [percent(50), percent(100)], budget: held };
  ({ id } = await server.start(plan));
});
afterAll(async () => {
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const devices = async (query: string) =>
  answerOf(await server.ask(`/v1/rollouts/${id}/devices?${query}`), RolloutDeviceList);
const explain = async (device: string) =>
  answerOf(await server.ask(`/v1/rollouts/${id}/devices/${device}/explain`), RolloutExplanation);

test("are listed by state and stage, page by page", async () => {
  const { devices: all } = await devices("");
  const { devices: loading } = await devices("state=downloading");
  const { devices: second } = await devices("stage=1&state=queued,downloading");
  const first = await server.ask(`/v1/rollouts/${id}/devices?limit=5`);
  const [, next = ""] = /^<(.+)>/.exec(first.headers.get("link") ?? "") ?? [];
  const rest = await answerOf(await server.ask(next), RolloutDeviceList);

  expect(all).toHaveLength(8);
  expect(new Set(loading.map(({ stage }) => stage))).toEqual(new Set([0]));
  expect(loading.length).toBeGreaterThan(0);
  expect(second).toHaveLength(4);
  expect(rest.devices.map(({ device }) => device)).toEqual(
    all.slice(5).map(({ device }) => device),
  );
  const bad = await server.ask(`/v1/rollouts/${id}/devices?state=lost`);
  expect(bad.status).toBe(400);
});

test("each says in one sentence why it waits", async () => {
  const { devices: all } = await devices("");
  const [under] = all.filter(({ state }) => state === "downloading");
  const [held] = all.filter(({ stage, state }) => stage === 0 && state === "queued");
  const [later] = all.filter(({ stage }) => stage === 1);

  expect((await explain(under?.device ?? "")).sentence).toMatch(
    /^cam-\d{4} downloads the release, for \d+ s\.$/,
  );
  expect((await explain(held?.device ?? "")).sentence).toMatch(
    /waits for its group site=plant-[ab]: 1 of \d devices are out of service, and at most 1 may be\.$/,
  );
  expect((await explain(later?.device ?? "")).sentence).toContain(
    "waits until stage 2 begins; stage 1 is deploying: 0 of 4 confirmed, 95 % needed, 0 failed.",
  );
  const unknown = await server.ask(`/v1/rollouts/${id}/devices/cam-9/explain`);
  expect([unknown.status, (await problemOf(unknown)).code]).toEqual([404, "DEVICE_UNKNOWN"]);
});

test("one is taken out, once, and says why", async () => {
  const { devices: queued } = await devices("state=queued");
  const device = queued.at(-1)?.device ?? "";
  const exclude = () =>
    server.post(`/v1/rollouts/${id}/devices/${device}:exclude`, { reason: "in repair" });

  expect((await exclude()).status).toBe(204);
  expect((await explain(device)).sentence).toBe(
    `${device} was taken out by an operator (in repair) and goes on with what it runs.`,
  );
  const again = await exclude();
  expect([again.status, (await problemOf(again)).code]).toEqual([409, "ROLLOUT_STATE"]);
});

test("figures that move between two decisions make another answer, and no word stale", async () => {
  const path = `/v1/rollouts/${id}`;
  const seen = await server.ask(path);
  const etag = seen.headers.get("etag") ?? "";
  const { devices: queued } = await devices("state=queued");
  const device = queued.at(-1)?.device ?? "";
  await server.post(`${path}/devices/${device}:exclude`, { reason: "in repair" });
  await server.world.settle();

  const moved = await server.ask(path, { "if-none-match": etag });
  const paused = await server.post(`${path}:pause`, { reason: "look" }, { "if-match": etag });
  const late = await server.post(`${path}:resume`, { reason: "go" }, { "if-match": etag });

  expect([moved.status, paused.status, late.status]).toEqual([200, 200, 412]);
  expect((await server.say(id, "resume")).status).toBe(200);
});

test("a stage in the way of another rollout is a conflict, told by the preview and refused", async () => {
  const preview = await answerOf(await server.post("/v1/rollouts:validate", named), RolloutPreview);
  const refused = await server.post("/v1/rollouts", named);
  const higher = { ...named, plan: { priority: 51 } };
  const above = await answerOf(await server.post("/v1/rollouts:validate", higher), RolloutPreview);

  expect(preview.conflicts).toMatchObject([{ rollout: id, priority: 50, isPreempted: false }]);
  expect(above.conflicts).toMatchObject([{ rollout: id, isPreempted: true }]);
  expect([refused.status, (await problemOf(refused)).code]).toEqual([409, "CONFLICT"]);
});
