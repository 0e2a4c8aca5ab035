import {
  ClaimCreated,
  Deployment,
  DeploymentList,
  Device,
  ReleaseList,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answerOf,
  type FleetServer,
  type Headers,
  keyFor,
  member,
  startFleetServer,
} from "../support/http/fleet-server.ts";

const [plantA, plantB] = [{ site: "plant-a" }, { site: "plant-b" }];
const [vision, audio] = ["vision.defects", "audio.voice"];

const order = (model: string, target: object, slot = "main") => ({
  ...{ model, version: "1.0.0" },
  ...{ target, slot },
});

/** Two plants with a device each, each running two models. */
async function twoPlants(options?: Parameters<typeof startFleetServer>[0]): Promise<FleetServer> {
  const server = await startFleetServer(options);
  await member(server, "cam-a", plantA);
  await member(server, "cam-b", plantB);
  for (const model of [vision, audio]) await server.publish(server.admin, { model });
  return server;
}

async function deployBoth(server: FleetServer): Promise<void> {
  for (const [model, slot] of [
    [vision, "main"],
    [audio, "ear"],
  ] as const) {
    const wish = order(model, { all: true }, slot);
    expect((await server.ask("/v1/deployments", server.admin, wish)).status).toBe(201);
  }
}

const post = (server: FleetServer, path: string, key: Headers, body: object = {}) =>
  server.ask(path, key, body, "POST");

/** What is answered, but for the name that was asked for. */
async function toldOf(answer: Response, name: string) {
  return { status: answer.status, text: (await answer.text()).replaceAll(name, "NAME") };
}

let plants: FleetServer;
beforeAll(async () => {
  plants = await twoPlants();
});
afterAll(() => plants[Symbol.asyncDispose]());

test.each([
  ["labelled", "PATCH", "", { labels: plantA }],
  ["revoked", "POST", "/revoke", {}],
  ["approved", "POST", "/approve", { fingerprint: Array(8).fill("0000").join("-") }],
  ["bundled", "POST", "/bundle", { rootVersion: 1 }],
] as const)("F58: a device out of sight is %s like one that is not there", async (_, method, path, body) => {
  const key = await keyFor(plants, { role: "deployer", labels: plantA });
  const tried = async (id: string) =>
    toldOf(await plants.ask(`/v1/devices/${id}${path}`, key, body, method), id);

  const [foreign, absent] = [await tried("cam-b"), await tried("cam-z")];

  expect(foreign).toEqual({ ...absent, status: 404 });
});

test("F58: a claim out of sight is revoked like one that is not there", async () => {
  await using server = await startFleetServer();
  const key = await keyFor(server, { role: "deployer", labels: plantA });
  const made = await post(server, "/v1/claims", server.admin, { class: "cam-v2", labels: plantB });
  const { claim } = await answerOf(made, ClaimCreated);
  const tried = async (id: string) =>
    toldOf(await server.ask(`/v1/claims/${id}`, key, undefined, "DELETE"), id);

  expect(await tried(claim.id)).toEqual({ ...(await tried("0123456789abcdef")), status: 404 });
});

test("F58: a deployment beyond one's grants is refused in the same words whether devices are there or not", async () => {
  await using server = await twoPlants();
  const key = await keyFor(server, { role: "deployer", labels: plantA });
  const tried = async (target: object, name: string) =>
    toldOf(await post(server, "/v1/deployments", key, order(vision, target)), name);

  const empty = await tried({ labels: { site: "plant-x" } }, "plant-x");
  expect(empty.status).toBe(403);
  expect(await tried({ labels: plantB }, "plant-b")).toEqual(empty);
  expect(await tried({ device: "cam-b" }, "cam-b")).toEqual(
    await tried({ device: "cam-z" }, "cam-z"),
  );
  const own = await tried({ labels: { ...plantA, line: "9" } }, "plant-a");
  expect(own).toMatchObject({
    status: 422,
    text: expect.stringContaining("SELECTION_EMPTY") as string,
  });
});

test("F58: which versions a model has is told only to who deploys it", async () => {
  await using server = await twoPlants();
  const key = await keyFor(server, { role: "deployer", models: ["vision.*"] });
  const tried = async (model: string) => {
    const wish = { ...order(model, { all: true }), version: "9.9.9" };
    return toldOf(await post(server, "/v1/deployments", key, wish), model);
  };

  expect(await tried(audio)).toEqual({ ...(await tried("audio.none")), status: 403 });
  expect((await tried(vision)).text).toContain("1.0.0");
});

test("F58: a release out of sight is approved like one that is not there", async () => {
  await using server = await twoPlants({ releasesAwaitApproval: true });
  const key = await keyFor(server, { role: "releaser", models: ["vision.*"] });
  const { releases } = await answerOf(await server.ask("/v1/releases", server.admin), ReleaseList);
  const hidden = releases.find(({ document }) => document.model === audio)?.release ?? "";
  const absent = "0".repeat(64);
  const tried = async (digest: string) =>
    toldOf(await post(server, `/v1/releases/${digest}/approve`, key), digest);

  expect(await tried(hidden)).toEqual({ ...(await tried(absent)), status: 404 });
});

test("F58: whoever revokes a device is shown his own models on it, and makes no bundle of others", async () => {
  await using server = await twoPlants();
  await deployBoth(server);
  const key = await keyFor(server, { role: "deployer", models: ["vision.*"] });

  const bundle = await post(server, "/v1/devices/cam-a/bundle", key, { rootVersion: 1 });
  const revoked = await answerOf(await post(server, "/v1/devices/cam-a/revoke", key), Device);

  expect(bundle.status).toBe(403);
  expect(await bundle.text()).not.toContain(audio);
  expect(revoked.desired.slots.map(({ model }) => model)).toEqual([vision]);
});

test("F58: nobody claims the name of a device that is not his, for its labels come with it", async () => {
  await using server = await twoPlants();
  await post(server, "/v1/devices/cam-b/revoke", server.admin);
  const key = await keyFor(server, { role: "deployer", labels: plantA });
  const claim = async (device: string) =>
    (await post(server, "/v1/claims", key, { class: "cam-v2", labels: plantA, device })).status;

  expect(await claim("cam-b")).toBe(403);
  expect(await claim("cam-a")).toBe(201);
  expect(await claim("cam-c")).toBe(201);
});

test("F58: a rollout that waits is seen by who asked and who sees a device it is meant for", async () => {
  await using server = await twoPlants({ rolloutsAwaitApproval: true });
  const asked = await post(
    server,
    "/v1/deployments",
    server.admin,
    order(vision, { labels: plantB }),
  );
  const { id } = await answerOf(asked, Deployment);
  const seenBy = async (labels: object) => {
    const key = await keyFor(server, { role: "viewer", labels: { ...labels } });
    const list = await answerOf(await server.ask("/v1/deployments", key), DeploymentList);
    const { status } = await server.ask(`/v1/deployments/${id}`, key);
    return [list.deployments.length, status];
  };

  expect(await seenBy(plantA)).toEqual([0, 404]);
  expect(await seenBy(plantB)).toEqual([1, 200]);
});
