import { encodeBatch, encodeSignedBatch } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
} from "../support/controller/controller-world.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await controllerWorld({ mayLose: true });
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const report = (boot: number, seq: number, more: object = {}) =>
  world.ingestReport.run(camera.id, camera.report({ boot, seq, ...more }));
const hello = (more: object = {}) => world.answerHello.run(camera.id, camera.hello(more));
const missing = { kind: "refused", code: "EARLIER_MISSING" };
const batch = (boot: number, seq: number) => {
  const empty = { windows: [], feedback: [], dropped: 0 };
  const bytes = encodeBatch({ device: camera.id, boot, seq, ...empty });
  return world.ingestTelemetry.run(camera.id, encodeSignedBatch(camera.signer, bytes));
};
/** What was acknowledged as ranges, from and to. */
const ranges = async () => {
  await world.clock.advance(1_000);
  return world.bus.acks.map(({ from, boot, seq }) => [from?.boot, from?.seq, boot, seq]);
};

test("a batch the broker lost is never acknowledged over, and is when it comes again", async () => {
  await batch(1, 0);
  await batch(1, 1);
  await batch(1, 3);

  expect(await ranges()).toEqual([
    [1, 0, 1, 1],
    [1, 3, 1, 3],
  ]);

  await batch(1, 2);
  expect((await ranges()).at(-1)).toEqual([1, 2, 1, 2]);
});

test("the end of a boot that the broker lost is not acknowledged with the next boot", async () => {
  await batch(1, 0);
  await batch(2, 0);
  await batch(2, 1);

  expect(await ranges()).toEqual([
    [1, 0, 1, 0],
    [2, 0, 2, 1],
  ]);
});

test("a report behind a lost one is not taken before it, and the device is asked to begin anew", async () => {
  await report(1, 0);
  expect(await report(1, 2)).toEqual({ kind: "refused", code: "EARLIER_MISSING" });
  expect(world.bus.disconnected).toEqual([camera.id]);
  expect(await report(1, 3)).toEqual({ kind: "refused", code: "EARLIER_MISSING" });

  expect(await report(1, 1)).toEqual({ kind: "stored" });
  expect(await report(1, 2)).toEqual({ kind: "stored" });

  expect(await ranges()).toEqual([[1, 0, 1, 2]]);
});

test("a report whose device says in its hello that it owes none before it is taken", async () => {
  await report(1, 0);
  await report(1, 2);

  await hello({ owed: { boot: 1, seq: 2 } });

  expect(await report(1, 2)).toEqual({ kind: "stored" });
});

test("the first report behind a hello is waited for when the broker lost it", async () => {
  await hello({ owed: { boot: 1, seq: 3 } });

  expect(await report(1, 4)).toEqual(missing);
  expect(world.bus.disconnected).toEqual([camera.id]);
  expect(await report(1, 3)).toEqual({ kind: "stored" });
  expect(await report(1, 4)).toEqual({ kind: "stored" });

  expect(await ranges()).toEqual([[1, 3, 1, 4]]);
});

test("the last report of a boot is waited for when the broker lost it", async () => {
  await hello({ boot: 2, owed: { boot: 1, seq: 0 } });
  const behind = { boot: 1, seq: 1 };

  await report(1, 0);
  expect(await report(2, 0, { behind })).toEqual(missing);
  expect(await report(2, 1)).toEqual(missing);
  expect(await report(1, 1)).toEqual({ kind: "stored" });
  expect(await report(2, 0, { behind })).toEqual({ kind: "stored" });

  expect(await ranges()).toEqual([
    [1, 0, 1, 1],
    [2, 0, 2, 0],
  ]);
});

test("the first report of a boot is waited for when the broker lost it, and the one before has come", async () => {
  await hello({ boot: 2, owed: { boot: 1, seq: 0 } });

  await report(1, 0);

  expect(await report(2, 1)).toEqual(missing);
});

test("a device that does not say in its hello where its reports begin is taken by its first one", async () => {
  await hello();

  expect(await report(1, 4)).toEqual({ kind: "stored" });
  expect(await report(2, 0)).toEqual({ kind: "stored" });
});

test("a batch that nobody can read stands for its place", async () => {
  await batch(1, 0);
  await world.ingestTelemetry.run(camera.id, Buffer.from("a ruined file"));
  await batch(1, 2);

  expect(await ranges()).toEqual([[1, 0, 1, 2]]);
});
