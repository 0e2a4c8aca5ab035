import { AuditPage, Deployment, DeploymentList, Problem, Release } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  answerOf,
  type FleetServer,
  type Headers,
  keyFor,
  member,
  startFleetServer,
} from "../support/http/fleet-server.ts";

const order = { model: "vision.defects", version: "1.0.0", target: { all: true } };

async function problem(answer: Response) {
  const { status, code } = Problem.parse(await answer.json());
  return { status, code };
}

const approve = (server: FleetServer, path: string, login: Headers) =>
  server.ask(`${path}/approve`, login, undefined, "POST");

async function actions(server: FleetServer): Promise<readonly string[]> {
  const page = await answerOf(await server.ask("/v1/audit", server.admin), AuditPage);
  return page.events.map(({ action }) => action);
}

test("a release that one person brought cannot be deployed before another one has agreed", async () => {
  await using server = await startFleetServer({ releasesAwaitApproval: true });
  await member(server, "cam-a");
  const [uploader, releaser] = [
    await keyFor(server, { role: "uploader" }),
    await keyFor(server, { role: "releaser" }),
  ];
  const published = await answerOf(await server.publish(uploader), Release);
  const path = `/v1/releases/${published.release}`;

  expect(published.approval.state).toBe("awaiting-approval");
  expect(await problem(await server.ask("/v1/deployments", server.admin, order))).toEqual({
    status: 409,
    code: "AWAITING_APPROVAL",
  });
  expect(server.bus.desired).toEqual([]);
  expect((await approve(server, path, uploader)).status).toBe(403);
  expect((await answerOf(await approve(server, path, releaser), Release)).approval.state).toBe(
    "approved",
  );
  expect((await server.ask("/v1/deployments", server.admin, order)).status).toBe(201);
  expect(await actions(server)).toContain("release.approved");
});

test("nobody approves his own release, however much he may", async () => {
  await using server = await startFleetServer({ releasesAwaitApproval: true });
  const { release } = await answerOf(await server.publish(server.admin), Release);
  const path = `/v1/releases/${release}`;

  expect(await problem(await approve(server, path, server.admin))).toEqual({
    status: 403,
    code: "SECOND_PERSON_REQUIRED",
  });
  const other = await keyFor(server, { role: "viewer" }, { role: "releaser", models: ["audio.*"] });
  expect(await problem(await approve(server, path, other))).toMatchObject({
    code: "NOT_PERMITTED",
  });
  const shown = await answerOf(await server.ask(path, server.admin), Release);
  expect(shown.approval.state).toBe("awaiting-approval");
});

test("publishing the same again does not approve it, and approving twice changes nothing", async () => {
  await using server = await startFleetServer({ releasesAwaitApproval: true });
  const releaser = await keyFor(server, { role: "releaser" });
  const { release } = await answerOf(await server.publish(server.admin), Release);
  const path = `/v1/releases/${release}`;

  const again = await answerOf(await server.publish(releaser), Release);
  expect(again.approval).toMatchObject({ state: "awaiting-approval" });
  const first = await answerOf(await approve(server, path, releaser), Release);
  await server.clock.advance(1_000);
  const second = await answerOf(await approve(server, path, server.admin), Release);

  expect(second.approval).toEqual(first.approval);
  expect((await actions(server)).filter((action) => action === "release.approved")).toHaveLength(1);
});

test("nothing is signed for a device before a second person has agreed to the rollout", async () => {
  await using server = await startFleetServer({ rolloutsAwaitApproval: true });
  await member(server, "cam-a");
  await server.publish(server.admin);
  const [deployer, second] = [
    await keyFor(server, { role: "deployer" }),
    await keyFor(server, { role: "deployer" }),
  ];
  const asked = await answerOf(await server.ask("/v1/deployments", deployer, order), Deployment);
  const path = `/v1/deployments/${asked.id}`;

  expect(asked).toMatchObject({ devices: [], approval: { state: "awaiting-approval" } });
  expect(await problem(await approve(server, path, deployer))).toEqual({
    status: 403,
    code: "SECOND_PERSON_REQUIRED",
  });
  expect(server.bus.desired).toEqual([]);
  expect((await server.stores.fleet.devices()).map(({ desired }) => desired.seq)).toEqual([0]);

  const approved = await answerOf(await approve(server, path, second), Deployment);

  expect(approved.approval).toMatchObject({ state: "approved" });
  expect(approved.devices).toMatchObject([{ device: "cam-a", status: "assigned" }]);
  expect(server.bus.desired.map(({ device }) => device)).toEqual(["cam-a"]);
  const again = await answerOf(await approve(server, path, server.admin), Deployment);
  expect(again).toEqual(approved);
  const { deployments } = await answerOf(
    await server.ask("/v1/deployments", server.admin),
    DeploymentList,
  );
  expect(deployments).toEqual([approved]);
  expect(await actions(server)).toEqual(
    expect.arrayContaining(["deployment.requested", "deployment.approved"]),
  );
});

test("both people need the right over every device the rollout meets when it is approved", async () => {
  await using server = await startFleetServer({ rolloutsAwaitApproval: true });
  const [plantA, plantB] = [{ site: "plant-a" }, { site: "plant-b" }];
  await member(server, "cam-a", plantA);
  await server.publish(server.admin);
  const asker = await keyFor(server, { role: "deployer", labels: plantA });
  const asked = await answerOf(await server.ask("/v1/deployments", asker, order), Deployment);
  const path = `/v1/deployments/${asked.id}`;
  const elsewhere = await keyFor(server, { role: "deployer", labels: plantB });

  expect(await problem(await approve(server, path, elsewhere))).toMatchObject({
    code: "DEPLOYMENT_UNKNOWN",
  });
  await member(server, "cam-b", plantB);
  expect(await problem(await approve(server, path, server.admin))).toMatchObject({
    code: "NOT_PERMITTED",
  });
  expect(server.bus.desired).toEqual([]);
});

test("who may not deploy somewhere cannot ask for it either", async () => {
  await using server = await startFleetServer({ rolloutsAwaitApproval: true });
  await member(server, "cam-a", { site: "plant-a" });
  await server.publish(server.admin);
  const elsewhere = await keyFor(server, { role: "deployer", labels: { site: "plant-b" } });

  const answer = await server.ask("/v1/deployments", elsewhere, order);

  expect(await problem(answer)).toMatchObject({ code: "NOT_PERMITTED" });
});
