import {
  DeploymentRequest,
  DesiredDocument,
  decodeEnvelope,
  encodeBase64,
  openEnvelope,
  parsePayload,
  payloadTypes,
  roleOf,
  type Signer,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PublishRoot } from "../../controller/src/app/root/publish-root.ts";
import { recordRoot } from "../../controller/src/app/root/record-root.ts";
import { ShowRoot } from "../../controller/src/app/root/show-root.ts";
import { WatchRootExpiry } from "../../controller/src/app/root/watch-root-expiry.ts";
import { localPrincipal, systemPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { secondOnline } from "../support/controller/fixture-keys.ts";
import { refused } from "../support/controller/refused.ts";
import {
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  keyTable,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../support/trust-fixtures.ts";

const DAY_MS = 86_400_000;
const endMs = fixtureTimes.issuedAtMs + 365 * DAY_MS;
let world: ControllerWorld;
let publishRoot: PublishRoot;
beforeEach(async () => {
  world = await controllerWorld();
  publishRoot = new PublishRoot(world);
});
afterEach(async () => {
  await publishRoot[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const timeIs = (atMs: number) => world.clock.advance(atMs - world.clock.nowMs());
const publish = (bytes: Uint8Array) =>
  publishRoot.run({ envelope: encodeBase64(bytes) }, localPrincipal);

const orderFor = (device: string) =>
  DeploymentRequest.parse({
    model: "vision.defects",
    version: "1.0.0",
    slot: "main",
    target: { device },
  });

function secondRoot(changes: object = {}, signers: readonly Signer[] = fleetKeys.root): Uint8Array {
  const { root, release } = fleetKeys;
  const document = rootDocument({
    version: 2,
    keys: keyTable([...root, release, secondOnline]),
    roles: { ...rootDocument().roles, online: roleRule([secondOnline], 1) },
    ...changes,
  });
  return signDocument(document, signers);
}

describe("a root that is published", () => {
  test("is in force, and every connected device gets an order under it and its key", async () => {
    const [near, far] = [await enrolled(world, "cam-near"), await enrolled(world, "cam-far")];
    await world.fleet.setPresence(near.id, { boot: 1, online: true, atMs: fixtureTimes.nowMs });
    world.bus.desired.length = 0;

    const answer = await publish(secondRoot());
    await publishRoot.settled();

    expect(answer).toMatchObject({ devices: 1, root: { version: 2, expiry: "good" } });
    expect(world.bus.desired.map(({ device }) => device)).toEqual([near.id]);
    const [sent] = world.bus.desired;
    const online = roleOf(world.keys.root(), "online");
    const { payload } = openEnvelope(
      sent?.envelope ?? new Uint8Array(),
      payloadTypes.desired,
      online,
    );
    expect(parsePayload(DesiredDocument, payload)).toMatchObject({ rootVersion: 2 });
    await world.answerHello.run(far.id, far.hello());
    expect(world.bus.desired.at(-1)?.device).toBe(far.id);
  });

  test("leaves the orders of the devices as they were", async () => {
    const device = await enrolled(world);
    await world.fleet.setPresence(device.id, { boot: 1, online: true, atMs: fixtureTimes.nowMs });
    await world.answerHello.run(device.id, device.hello());
    const { release } = await published(world);
    await world.deploy.run(orderFor(device.id), localPrincipal);

    await publish(secondRoot());
    await publishRoot.settled();

    const { payload } = decodeEnvelope(world.bus.desired.at(-1)?.envelope ?? new Uint8Array());
    expect(parsePayload(DesiredDocument, payload).models).toMatchObject([{ release }]);
  });

  test("is written down with who did it", async () => {
    await publish(secondRoot());

    const newest = await world.audit.newest();
    expect(newest).toMatchObject({
      actor: "local",
      action: "root.published",
      subject: "root:2",
    });
    expect(newest?.detail).toContain(fleetRoot().sha256);
  });

  test("twice by whoever lost the answer is published once", async () => {
    await publish(secondRoot());
    const before = await world.audit.newest();

    expect(await publish(secondRoot())).toMatchObject({ root: { version: 2 }, devices: 0 });
    expect(await world.audit.newest()).toEqual(before);
  });
});

test("another root of a number that is taken is to be drafted anew", async () => {
  await publish(secondRoot());

  const rival = await refused(publish(secondRoot({ revokedReleases: ["a".repeat(64)] })));

  expect(rival).toMatchObject({ code: "ROOT_REFUSED" });
  expect(rival.message).toMatch(/expected root 3, got another root 2.*modelfleet root show --out/);
});

describe("a root whose entry a crash left out", () => {
  beforeEach(() => world.keys.adoptRoot(secondRoot()));

  test("is written down when the controller starts, once", async () => {
    await recordRoot(world, systemPrincipal.id);
    const newest = await world.audit.newest();
    await recordRoot(world, systemPrincipal.id);

    expect(newest).toMatchObject({ actor: "system", action: "root.published", subject: "root:2" });
    expect(await world.audit.newest()).toEqual(newest);
  });

  test("is written down when it is published again", async () => {
    await publish(secondRoot());

    expect(await world.audit.newest()).toMatchObject({ actor: "local", subject: "root:2" });
  });
});

test("a first root took nobody's place, and is not written down", async () => {
  const before = await world.audit.newest();

  await recordRoot(world, systemPrincipal.id);

  expect(await world.audit.newest()).toEqual(before);
});

describe("a root is refused, and the one in force stays,", () => {
  afterEach(() => {
    expect(world.keys.root().document.version).toBe(1);
  });

  test("when too few have signed, or it is not the next", async () => {
    const [first] = fleetKeys.root;
    for (const bytes of [secondRoot({}, [first]), secondRoot({ version: 3 })]) {
      expect(await refused(publish(bytes))).toMatchObject({ code: "ROOT_REFUSED" });
    }
    const other = "00000000-8a2d-4a54-9c0e-3b5a1f0d2c11";
    expect((await refused(publish(secondRoot({ fleet: other })))).message).toContain("FLEET");
  });

  test("when too few have signed, and it is said of which root", async () => {
    const [first, second, third] = fleetKeys.root;
    const stranger = seedSigner("stranger");
    const roles = { ...rootDocument().roles, root: roleRule([first, stranger], 2) };
    const keys = keyTable([first, stranger, fleetKeys.release, fleetKeys.online]);
    const next = { keys, roles };
    const reason = async (bytes: Uint8Array) => (await refused(publish(bytes))).message;

    expect(await reason(secondRoot(next, [first, stranger]))).toContain(
      "SIGNATURE: expected 1 more of the root keys of root 1, the one before: modelfleet",
    );
    expect(await reason(secondRoot(next, [first, second]))).toContain(
      "SIGNATURE: expected 1 more of the root keys of root 2 itself: modelfleet",
    );
    expect(await reason(secondRoot(next, [third]))).toMatch(
      /1 more .* root 1, .* 2 more .* root 2/,
    );
  });

  test("when it has expired", async () => {
    await timeIs(endMs);
    expect((await refused(publish(secondRoot()))).message).toContain("expired");
  });

  test("when it is no root at all", async () => {
    for (const bytes of [new Uint8Array([1, 2, 3]), signDocument(rootDocument(), [])]) {
      expect(await refused(publish(bytes))).toMatchObject({ code: "ROOT_REFUSED" });
    }
    expect(await refused(publishRoot.run({ envelope: "!!" }, localPrincipal))).toMatchObject({
      code: "ROOT_REFUSED",
    });
  });
});

describe("the end of a root", () => {
  const eventsAt = async (atMs: number) => {
    await timeIs(atMs);
    world.log.events.length = 0;
    new WatchRootExpiry(world).look();
    return world.log.events.map(({ level, event, daysLeft }) => ({ level, event, daysLeft }));
  };

  test("is said from 90 days on, in the last week as an error", async () => {
    expect(await eventsAt(endMs - 90 * DAY_MS - 1)).toEqual([]);
    expect(await eventsAt(endMs - 90 * DAY_MS)).toEqual([
      { level: "warn", event: "root.expires-soon", daysLeft: 90 },
    ]);
    expect(await eventsAt(endMs - 7 * DAY_MS)).toEqual([
      { level: "error", event: "root.expires-soon", daysLeft: 7 },
    ]);
    expect(await eventsAt(endMs)).toMatchObject([{ level: "error", event: "root.expired" }]);
  });

  test("is shown to whoever asks for the root", async () => {
    await timeIs(endMs - 30 * DAY_MS);

    expect(new ShowRoot(world).run()).toMatchObject({ daysLeft: 30, expiry: "in-30-days" });
  });

  test("stops new orders with a way out, and nothing else", async () => {
    const device = await enrolled(world);
    await world.answerHello.run(device.id, device.hello());
    await published(world);
    await timeIs(endMs);
    const order = orderFor(device.id);

    const { code, message } = await refused(world.deploy.run(order, localPrincipal));

    expect(code).toBe("ROOT_EXPIRED");
    expect(message).toContain("root rotate");
  });
});
