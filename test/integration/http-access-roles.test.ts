import {
  ClaimList,
  Deployment,
  DeploymentList,
  Device,
  DeviceId,
  DeviceList,
  digest8,
  encodeWindow,
  ReleaseList,
  TelemetryAnswer,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { actionsOf } from "../../controller/src/domain/access/actions.ts";
import { everyRoute, pathOf } from "../support/http/every-route.ts";
import {
  answerOf,
  type FleetServer,
  keyFor,
  member,
  startFleetServer,
} from "../support/http/fleet-server.ts";
import { emptyWindow } from "../support/telemetry/windows.ts";

const roles = ["viewer", "uploader", "releaser", "deployer", "admin"] as const;
const [plantA, plantB] = [{ site: "plant-a" }, { site: "plant-b" }];

/** Two plants with a device each, two models with a release each. */
async function twoPlants(): Promise<FleetServer> {
  const server = await startFleetServer();
  await member(server, "cam-a", plantA);
  await member(server, "cam-b", plantB);
  for (const model of ["vision.defects", "audio.voice"]) {
    expect((await server.publish(server.admin, { model })).status).toBe(201);
  }
  return server;
}

const order = (model: string, target: object) => ({ model, version: "1.0.0", target });

test.each(roles)("F58: on every route a %s gets as far as the role allows", async (role) => {
  await using server = await startFleetServer();
  const key = await keyFor(server, { role });

  for (const { route, access } of everyRoute()) {
    if (access?.kind !== "operator") continue;
    const [method = "", path = ""] = route.split(" ");
    const answer = await server.ask(pathOf(path), key, method === "GET" ? undefined : {}, method);
    const isRefused = answer.status === 403;
    expect([route, isRefused]).toEqual([route, !actionsOf[role].includes(access.action)]);
  }
  expect(server.defects).toEqual([]);
});

test("F58: rights over two plants are never put together", async () => {
  await using server = await twoPlants();
  // Deploys in A and reads in B; deploys one model in A and another in B.
  const reader = await keyFor(
    server,
    { role: "deployer", labels: plantA },
    { role: "viewer", labels: plantB },
  );
  const crossed = await keyFor(
    server,
    { role: "deployer", labels: plantA, models: ["vision.*"] },
    { role: "deployer", labels: plantB, models: ["audio.*"] },
  );
  const deploy = async (key: typeof reader, model: string, target: object) =>
    (await server.ask("/v1/deployments", key, order(model, target))).status;

  expect(await deploy(reader, "vision.defects", { device: "cam-a" })).toBe(201);
  expect(await deploy(reader, "vision.defects", { device: "cam-b" })).toBe(403);
  expect(await deploy(reader, "vision.defects", { labels: plantB })).toBe(403);
  expect(await deploy(reader, "vision.defects", { all: true })).toBe(403);
  expect(await deploy(crossed, "vision.defects", { device: "cam-a" })).toBe(201);
  expect(await deploy(crossed, "audio.voice", { device: "cam-b" })).toBe(201);
  expect(await deploy(crossed, "audio.voice", { device: "cam-a" })).toBe(403);
  expect(await deploy(crossed, "vision.defects", { device: "cam-b" })).toBe(403);
  expect(await deploy(crossed, "vision.defects", { all: true })).toBe(403);
  expect(new Set(server.bus.desired.map(({ device }) => device))).toEqual(
    new Set(["cam-a", "cam-b"]),
  );
});

test("F58: a refused deployment leaves no order and no trace in the list", async () => {
  await using server = await twoPlants();
  const key = await keyFor(server, { role: "deployer", labels: plantA });

  await server.ask("/v1/deployments", key, order("vision.defects", { all: true }));

  expect(server.bus.desired).toEqual([]);
  const list = await server.ask("/v1/deployments", server.admin);
  expect((await answerOf(list, DeploymentList)).deployments).toEqual([]);
});

test("F58: a model outside the grant can be neither published nor read", async () => {
  await using server = await twoPlants();
  const key = await keyFor(server, { role: "releaser", models: ["vision.*"] });
  const listed = async () => {
    const { releases } = await answerOf(await server.ask("/v1/releases", key), ReleaseList);
    return releases.map(({ document }) => document.model).sort();
  };
  const all = await answerOf(await server.ask("/v1/releases", server.admin), ReleaseList);
  const foreign = all.releases.find(({ document }) => document.model === "audio.voice");

  expect((await server.publish(key, { model: "vision.blobs" })).status).toBe(201);
  expect((await server.publish(key, { model: "audio.bells" })).status).toBe(403);
  expect((await server.publish(key, { model: "vision" })).status).toBe(403);
  expect((await server.publish(key, { model: "visions.blobs" })).status).toBe(403);
  expect(await listed()).toEqual(["vision.blobs", "vision.defects"]);
  expect((await server.ask(`/v1/releases/${foreign?.release ?? ""}`, key)).status).toBe(404);
});

test("F58: who brings files has them signed by nobody", async () => {
  await using server = await startFleetServer();
  const key = await keyFor(server, { role: "uploader" });

  const answer = await server.publish(key);

  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({
    detail: expect.stringContaining("release.sign") as string,
  });
});

test("F58: lists show the caller's devices, claims and deployments alone, and of a device his models", async () => {
  await using server = await twoPlants();
  for (const [slot, model] of [
    ["main", "vision.defects"],
    ["ear", "audio.voice"],
  ] as const) {
    await server.ask("/v1/deployments", server.admin, { ...order(model, { all: true }), slot });
  }
  const key = await keyFor(server, { role: "viewer", models: ["vision.*"], labels: plantA });

  const { devices } = await answerOf(await server.ask("/v1/devices", key), DeviceList);
  const { claims } = await answerOf(await server.ask("/v1/claims", key), ClaimList);
  const { deployments } = await answerOf(await server.ask("/v1/deployments", key), DeploymentList);

  expect(devices.map(({ id }) => id)).toEqual(["cam-a"]);
  expect(devices[0]?.desired.slots.map(({ model }) => model)).toEqual(["vision.defects"]);
  expect(claims.map(({ labels }) => labels)).toEqual([plantA]);
  expect(
    deployments.map(({ model, devices: seen }) => [model, seen.map(({ device }) => device)]),
  ).toEqual([["vision.defects", ["cam-a"]]]);
  expect((await server.ask("/v1/devices/cam-b", key)).status).toBe(404);
  expect((await server.ask("/v1/devices/cam-a", key)).status).toBe(200);
  const all = await answerOf(await server.ask("/v1/deployments", server.admin), DeploymentList);
  const hidden = all.deployments.find(({ model }) => model === "audio.voice")?.id ?? "";
  expect((await server.ask(`/v1/deployments/${hidden}`, key)).status).toBe(404);
});

test("F58: a device is labelled only by who holds both its old labels and its new ones", async () => {
  await using server = await twoPlants();
  const label = async (key: Readonly<Record<string, string>>, device: string, labels: object) =>
    (await server.ask(`/v1/devices/${device}`, key, { labels }, "PATCH")).status;
  const key = await keyFor(server, { role: "deployer", labels: plantA });
  const both = await keyFor(
    server,
    { role: "deployer", labels: plantA },
    { role: "deployer", labels: plantB },
  );

  expect(await label(key, "cam-a", { ...plantA, line: "3" })).toBe(200);
  expect(await label(key, "cam-a", plantB)).toBe(403);
  expect(await label(key, "cam-a", {})).toBe(403);
  expect(await label(key, "cam-b", plantA)).toBe(404);
  expect(await label(both, "cam-a", plantB)).toBe(200);
  const shown = await answerOf(await server.ask("/v1/devices/cam-a", server.admin), Device);
  expect(shown.labels).toEqual(plantB);
});

test("F58: claims are made for the caller's labels only", async () => {
  await using server = await startFleetServer();
  const key = await keyFor(server, { role: "deployer", labels: plantA });
  const claim = async (labels: object) =>
    (await server.ask("/v1/claims", key, { class: "cam-v2", labels })).status;

  expect(await claim(plantA)).toBe(201);
  expect(await claim({ ...plantA, line: "3" })).toBe(201);
  expect(await claim(plantB)).toBe(403);
  expect(await claim({})).toBe(403);
});

test("a deployment over two plants is one for who holds the model in both", async () => {
  await using server = await twoPlants();
  const key = await keyFor(
    server,
    { role: "deployer", labels: plantA },
    { role: "deployer", labels: plantB },
  );

  const answer = await server.ask("/v1/deployments", key, order("vision.defects", { all: true }));

  expect((await answerOf(answer, Deployment)).devices.map(({ device }) => device)).toEqual([
    "cam-a",
    "cam-b",
  ]);
});

test("F58: a file is read by who may read a model it is of, and a device's bundle made by who holds the device", async () => {
  await using server = await twoPlants();
  const key = await keyFor(server, { role: "deployer", models: ["vision.*"], labels: plantA });
  const other = await keyFor(server, { role: "viewer", models: ["other"] });
  const { releases } = await answerOf(await server.ask("/v1/releases", key), ReleaseList);
  const file = releases[0]?.document.files[0]?.sha256 ?? "";
  const bundle = async (device: string) =>
    (await server.ask(`/v1/devices/${device}/bundle`, key, { rootVersion: 1 })).status;

  expect((await server.ask(`/v1/blobs/${file}`, key)).status).toBe(200);
  expect((await server.ask(`/v1/blobs/${file}`, other)).status).toBe(404);
  expect(await bundle("cam-b")).toBe(404);
  expect(await bundle("cam-a")).toBe(200);
});

test("F58: telemetry is merged over the caller's models and devices alone", async () => {
  await using server = await twoPlants();
  const { releases } = await answerOf(await server.ask("/v1/releases", server.admin), ReleaseList);
  for (const { release } of releases) {
    for (const device of ["cam-a", "cam-b"]) {
      const window = { ...emptyWindow, release: digest8(release) };
      const { slot, startMs, durationMs, release: releasePrefix } = window;
      const bytes = encodeWindow(window);
      await server.stores.telemetry.add({
        ...{ device: DeviceId.parse(device), era: 0, boot: releases.length, dropped: 0 },
        ...{ seq: Number.parseInt(release.slice(0, 8), 16), receivedAtMs: startMs },
        windows: [{ slot, releasePrefix, startMs, durationMs, bytes }],
      });
    }
  }
  const key = await keyFor(
    server,
    { role: "viewer", models: ["vision.*"], labels: plantA },
    { role: "viewer", models: ["other"] },
  );
  const seenBy = async (login: Readonly<Record<string, string>>) => {
    const answer = await answerOf(await server.ask("/v1/telemetry", login), TelemetryAnswer);
    return answer.summaries.map(({ model, devices }) => [model, devices]);
  };

  expect(await seenBy(key)).toEqual([["vision.defects", ["cam-a"]]]);
  expect(await seenBy(server.admin)).toEqual([
    ["audio.voice", ["cam-a", "cam-b"]],
    ["vision.defects", ["cam-a", "cam-b"]],
  ]);
});

test("F58: who brings files of some models brings none of others, also when another person approves", async () => {
  await using server = await startFleetServer({ releasesAwaitApproval: true });
  const key = await keyFor(server, { role: "uploader", models: ["vision.*"] });

  expect((await server.publish(key, { model: "vision.defects" })).status).toBe(201);
  expect((await server.publish(key, { model: "audio.voice" })).status).toBe(403);
});
