import {
  digest8,
  emptyLatency,
  mainSlot,
  type ReleaseReference,
  type Sha256,
  type SlotReport,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { seededRandom } from "../support/random.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
let release: Sha256;
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
  ({ release } = await published(world));
});
afterEach(() => world[Symbol.asyncDispose]());

const window = (startMs = fixtureTimes.nowMs - 900_000): TelemetryWindow => ({
  ...{ slot: mainSlot, release: digest8(release), profile: null, startMs, durationMs: 1_000 },
  ...{ clockSynced: true, historical: false, requests: 1, errors: [], items: 0 },
  ...{ latency: { ...emptyLatency, offset: 60, counts: [1], sumUs: 200 } },
  ...{ features: [], outputs: [], categories: [], sampleRate: 1, epsilon: null },
});
const counted = () => world.showRefusals.run();

describe("telemetry over a hostile network", () => {
  test("F52: re-ordered by 500, duplicated and replayed adds up once each, and its gap is counted", async () => {
    const seed = 52;
    const random = seededRandom(seed);
    const lost = new Set([0, 7, 8, 300]);
    const sent = Array.from({ length: 600 }, (_, seq) => seq).filter((seq) => !lost.has(seq));
    const jumbled = sent
      .flatMap((seq) => (seq % 3 === 0 ? [seq, seq] : [seq]))
      .map((seq) => ({ seq, at: seq + random.below(500) }))
      .toSorted((left, right) => left.at - right.at);
    const frames = new Map(
      sent.map((seq) => [seq, camera.telemetry([window()], { boot: 1, seq })]),
    );
    const take = async (seq: number) =>
      (await world.ingestTelemetry.run(camera.id, frames.get(seq) ?? new Uint8Array())).kind;

    const first = [];
    for (const { seq } of jumbled) first.push(await take(seq));
    const replayed = [];
    for (const seq of sent.slice(0, 50)) replayed.push(await take(seq));

    expect(
      first.filter((kind) => kind === "stored"),
      `seed ${seed}`,
    ).toHaveLength(sent.length);
    expect(new Set(replayed)).toEqual(new Set(["duplicate"]));
    const { summaries } = await world.summarize.run({});
    expect(summaries).toMatchObject([{ requests: sent.length, windows: sent.length }]);
    expect((await counted()).gaps).toEqual([{ device: camera.id, missing: lost.size }]);
  });

  test("F52: of a gap that closes late nothing is missing any more, in any start of the agent", async () => {
    const send = (boot: number, seq: number) =>
      world.ingestTelemetry.run(camera.id, camera.telemetry([window()], { boot, seq }));
    for (const [boot, seq] of [
      [1, 1],
      [2, 2],
      [2, 0],
    ] as const)
      await send(boot, seq);
    expect((await counted()).gaps).toEqual([{ device: camera.id, missing: 2 }]);

    await send(1, 0);
    await send(2, 1);

    expect((await counted()).gaps).toEqual([]);
  });
});

describe("what cannot be attributed", () => {
  const streams = {
    report: (id: SimulatedDevice["id"], by: SimulatedDevice) =>
      world.ingestReport.run(id, by.report({ device: id })),
    tele: (id: SimulatedDevice["id"], by: SimulatedDevice) =>
      world.ingestTelemetry.run(id, by.telemetry([window()])),
    hello: (id: SimulatedDevice["id"], by: SimulatedDevice) =>
      world.answerHello.run(id, by.hello({ device: id })),
  } as const;
  const names = Object.keys(streams) as (keyof typeof streams)[];

  test.each(
    names,
  )("F53: %s by device B on A's topic is dropped, counted and told", async (stream) => {
    const other = await enrolled(world, "cam-0018");

    expect(await streams[stream](camera.id, other)).toMatchObject({ code: "SIGNATURE" });

    expect((await counted()).refusals).toEqual([
      { stream, code: "SIGNATURE", count: 1, lastDevice: camera.id },
    ]);
    expect(world.log.named("message.refused")).toMatchObject([{ device: camera.id, stream }]);
    expect((await world.summarize.run({})).summaries).toEqual([]);
  });

  test.each(names)("F53: %s of an unknown device is dropped, counted and told", async (stream) => {
    const stranger = new SimulatedDevice("cam-0099");

    const outcome = await streams[stream](stranger.id, stranger);

    expect(outcome).toEqual({ kind: "refused", code: "DEVICE_UNKNOWN" });
    expect((await counted()).refusals).toMatchObject([{ stream, code: "DEVICE_UNKNOWN" }]);
    expect(world.log.named("message.refused")).toMatchObject([{ device: stranger.id }]);
  });

  test.each(names)("F53: %s of a revoked device is dropped, counted and told", async (stream) => {
    await world.revokeDevice.run(camera.id, { reason: "stolen" }, localPrincipal);

    const outcome = await streams[stream](camera.id, camera);

    expect(outcome).toEqual({ kind: "refused", code: "DEVICE_REVOKED" });
    expect((await counted()).refusals).toMatchObject([{ stream, code: "DEVICE_REVOKED" }]);
    expect(world.log.named("message.refused")).toMatchObject([{ device: camera.id }]);
  });
});

describe("a release that was never assigned", () => {
  const named = (digest: string): ReleaseReference => ({
    release: digest as Sha256,
    model: "vision.defects" as ReleaseReference["model"],
    version: "9.9.9" as ReleaseReference["version"],
  });
  const slots = (changes: Partial<SlotReport>) => [camera.slot(changes)];
  const foreign = named("f".repeat(64));
  const alerts = async () =>
    (await world.audit.page(0, 100)).events.filter(
      ({ action }) => action === "device.release-not-assigned",
    );
  const report = (seq: number, changes: Partial<SlotReport>) =>
    world.ingestReport.run(camera.id, camera.report({ seq, slots: slots(changes) }));
  const deployed = () =>
    world.deploy.run(
      {
        ...{ model: named("").model, version: "1.0.0" as ReleaseReference["version"] },
        ...{ slot: mainSlot, target: { device: camera.id } },
      },
      localPrincipal,
    );

  test.each([
    "active",
    "previous",
    "trial",
  ] as const)("and is reported as %s is counted each time, and told once", async (place) => {
    expect(await report(0, { [place]: foreign })).toEqual({ kind: "stored" });
    await report(1, { [place]: foreign });

    expect((await counted()).refusals).toEqual([
      { stream: "report", code: "RELEASE_NOT_ASSIGNED", count: 2, lastDevice: camera.id },
    ]);
    expect(world.log.named("device.release-not-assigned")).toMatchObject([
      { device: camera.id, release: foreign.release },
    ]);
    expect(await alerts()).toMatchObject([
      { actor: `device:${camera.id}`, subject: `release:${foreign.release}` },
    ]);
  });

  test("and stands in a hello is counted too", async () => {
    await world.answerHello.run(camera.id, camera.hello({ slots: slots({ active: foreign }) }));

    expect((await counted()).refusals).toMatchObject([
      { stream: "hello", code: "RELEASE_NOT_ASSIGNED", count: 1 },
    ]);
    expect(await alerts()).toHaveLength(1);
  });

  test("is not one that was assigned, now or earlier", async () => {
    await world.answerHello.run(camera.id, camera.hello());
    await deployed();
    await report(0, { active: named(release) });
    const next = await published(world, "2.0.0");
    await world.deploy.run(
      {
        ...{ model: named("").model, version: "2.0.0" as ReleaseReference["version"] },
        ...{ slot: mainSlot, target: { device: camera.id } },
      },
      localPrincipal,
    );

    await report(1, { active: named(next.release), previous: named(release) });

    expect((await counted()).refusals).toEqual([]);
    expect(await alerts()).toEqual([]);
  });

  test("is one that only another device was given", async () => {
    const other = await enrolled(world, "cam-0018");
    await world.answerHello.run(camera.id, camera.hello());
    await deployed();
    const slot = other.slot({ active: named(release) });

    await world.ingestReport.run(other.id, other.report({ slots: [slot] }));

    expect(await alerts()).toMatchObject([{ actor: `device:${other.id}` }]);
  });
});
