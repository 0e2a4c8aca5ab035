import { controllerLimits, digest8, mainSlot, sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ForgetTelemetry } from "../../controller/src/app/ingest/forget-telemetry.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
} from "../support/controller/controller-world.ts";

const dayMs = 24 * 3_600_000;
const releasePrefix = digest8(sha256(new Uint8Array(1)));

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
  await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

/** One batch with two windows, received now. */
async function receive(seq: number): Promise<"stored" | "duplicate"> {
  const [device] = await world.fleet.devices();
  if (device === undefined) throw new Error("expected a device");
  const window = { slot: mainSlot, releasePrefix, durationMs: 1, bytes: new Uint8Array(3) };
  return world.telemetry.add({
    ...{ device: device.id, era: 0, boot: 1, seq, dropped: 0, receivedAtMs: world.clock.nowMs() },
    windows: [0, 1].map((i) => ({ ...window, startMs: 10 * seq + i })),
  });
}

const kept = async () =>
  (await world.telemetry.windows({ releasePrefix }, 10, null))
    .toReversed()
    .map(({ startMs }) => startMs);

describe("telemetry", () => {
  test("is there to the last of its fourteen days, and gone a moment later", async () => {
    using forget = new ForgetTelemetry(world);
    forget.start();
    await receive(0);
    await world.clock.advance(1);
    await receive(1);

    await world.clock.advance(14 * dayMs - 1);
    expect(await kept()).toEqual([0, 1, 10, 11]);

    await world.clock.advance(1);
    expect(await kept()).toEqual([10, 11]);
    expect(world.log.named("telemetry.forgotten")).toMatchObject([{ batches: 1 }]);
  });

  test("that is forgotten leaves no trace of its batch either", async () => {
    await receive(0);
    expect(await receive(0)).toBe("duplicate");
    await world.clock.advance(14 * dayMs + 1);

    await new ForgetTelemetry(world).run();

    expect(await receive(0)).toBe("stored");
  });

  test("goes in slices until all that is too old is gone", async () => {
    const { batchesPerForgetMax } = controllerLimits;
    await Promise.all(Array.from({ length: batchesPerForgetMax + 2 }, (_, seq) => receive(seq)));
    await world.clock.advance(14 * dayMs + 1);

    expect(await world.telemetry.forget(world.clock.nowMs(), 1)).toBe(1);
    await new ForgetTelemetry(world).run();

    expect(await kept()).toEqual([]);
    expect(world.log.named("telemetry.forgotten")).toMatchObject([
      { batches: batchesPerForgetMax + 1 },
    ]);
  });

  test("that became too old while the controller was down goes at its next start", async () => {
    await receive(0);
    await world.clock.advance(15 * dayMs);

    await world.recover.run();

    expect(await kept()).toEqual([]);
  });

  test("that cannot be removed is told and stops nobody", async () => {
    const broken = () => Promise.reject(new StoreError("STORE_FAILED", "disk I/O error"));
    const telemetry = { ...world.telemetry, forget: broken };

    await new ForgetTelemetry({ ...world, telemetry }).run();

    expect(world.log.named("telemetry.not-forgotten")).toMatchObject([{ code: "STORE_FAILED" }]);
  });
});
