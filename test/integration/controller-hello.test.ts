import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { deployed, lastDesired } from "../support/controller/deployments.ts";
import { nonceOf, type SimulatedDevice } from "../support/controller/simulated-device.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const deploy = (changes: object = {}) => deployed(world, changes);
const lastSent = () => lastDesired(world);

describe("a hello", () => {
  test("is answered by a document that carries its nonce, and by the next sequence", async () => {
    await published(world);
    await deploy();

    await world.answerHello.run(camera.id, camera.hello({ nonce: nonceOf(9) }));

    expect(lastSent().document).toMatchObject({ seq: 2, nonce: nonceOf(9), models: [{}] });
  });

  test("of a device nothing is wanted of is answered all the same", async () => {
    await world.answerHello.run(camera.id, camera.hello());

    expect(lastSent().document).toMatchObject({ seq: 1, models: [] });
  });

  test("of a device that holds a higher sequence is answered above it", async () => {
    await world.answerHello.run(camera.id, camera.hello({ desiredSeq: 90 }));

    expect(lastSent().document.seq).toBe(91);
  });

  test("fills in what is known of the device", async () => {
    await world.answerHello.run(camera.id, camera.hello({ boot: 3, slots: [camera.slot()] }));

    expect(await world.showDevice.run(camera.id)).toMatchObject({
      boot: 3,
      agentVersion: "0.1.0",
      facts: { target: "linux-x64-glibc" },
      slots: [{ slot: "main" }],
      lastSeenAtMs: fixtureTimes.nowMs,
    });
  });

  test("sent again by somebody else changes nothing that is known", async () => {
    const old = camera.hello({ boot: 3 });
    await world.answerHello.run(camera.id, old);
    await world.answerHello.run(camera.id, camera.hello({ boot: 4, slots: [camera.slot()] }));

    expect(await world.answerHello.run(camera.id, old)).toEqual({ kind: "refused", code: "STALE" });

    expect(await world.showDevice.run(camera.id)).toMatchObject({ boot: 4, slots: [{}] });
  });

  test("of a device that lost its state and its time is answered, so that it learns the time", async () => {
    await world.answerHello.run(camera.id, camera.hello({ boot: 3 }));
    const wiped = { boot: 0, issuedAt: "2026-01-01T00:00:00Z", clock: "floor", nonce: nonceOf(3) };

    await world.answerHello.run(camera.id, camera.hello(wiped));

    expect(lastSent().document).toMatchObject({
      nonce: nonceOf(3),
      issuedAt: "2026-11-21T09:00:00Z",
    });
  });

  test("of another device's key is refused", async () => {
    const other = await enrolled(world, "cam-0018");

    const forged = other.hello({ device: camera.id });
    const foreign = other.hello();

    expect(await world.answerHello.run(camera.id, forged)).toMatchObject({ code: "SIGNATURE" });
    expect(await world.answerHello.run(camera.id, foreign)).toMatchObject({ code: "SIGNATURE" });
    expect(world.bus.desired).toEqual([]);
  });

  test("about another device, signed by this one, is refused", async () => {
    const other = await enrolled(world, "cam-0018");
    const about = camera.hello({ device: other.id });

    expect(await world.answerHello.run(camera.id, about)).toMatchObject({ code: "FOREIGN_DEVICE" });
  });

  test("that would use up the sequence is refused", async () => {
    const greedy = camera.hello({ desiredSeq: Number.MAX_SAFE_INTEGER });

    expect(await world.answerHello.run(camera.id, greedy)).toMatchObject({ code: "FORMAT" });
  });
});

describe("a device that asks what it should run", () => {
  test("gets the very bytes again while they are fresh", async () => {
    await published(world);
    await deploy();
    const first = lastSent().envelope;

    await world.clock.advance(3 * 24 * 3_600_000);
    await world.answerGetDesired.run(camera.id);

    expect(lastSent().envelope).toEqual(first);
  });

  test("gets a document signed anew in the second half of its life", async () => {
    await published(world);
    await deploy();

    await world.clock.advance(3.5 * 24 * 3_600_000);
    await world.answerGetDesired.run(camera.id);

    expect(lastSent().document).toMatchObject({ seq: 2, models: [{ slot: "main" }] });
  });

  test("and was never told anything gets an empty document", async () => {
    await world.answerGetDesired.run(camera.id);

    expect(lastSent().document).toMatchObject({ seq: 1, models: [] });
  });
});
