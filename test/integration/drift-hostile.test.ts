import {
  digest8,
  encodeBatch,
  encodeSignedBatch,
  type RefusalCount,
  type Sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

let world: DriftWorld;
let release: Sha256;
let camera: SimulatedDevice;
beforeEach(async () => {
  world = await driftWorld();
  release = await world.publish();
  camera = await world.device("cam-1");
});
afterEach(async () => {
  expect(world.defects).toEqual([]);
  await world[Symbol.asyncDispose]();
});

type Sketch = TelemetryWindow["features"][number];

/** A window that is right but for its first feature. */
function withSketch(change: (sketch: Sketch) => Partial<Sketch>): TelemetryWindow {
  const window = world.window(release);
  const features = window.features.map((sketch, i) =>
    i === 0 ? { ...sketch, ...change(sketch) } : sketch,
  );
  return { ...window, features };
}

/** Signed by the device's own key, whatever it is. */
const signed = (payload: Uint8Array) => encodeSignedBatch(camera.signer, payload);
const sent = (window: TelemetryWindow) => camera.telemetry([window], { boot: 1, seq: 0 });
const plusOne = (counts: readonly number[]) =>
  counts.map((count, i) => (i === 0 ? count + 1 : count));

/** A field of so many claimed bytes, of which none come. */
const hugeField = Uint8Array.of(0x2a, 0x80, 0x94, 0xeb, 0xdc, 0x03);

const hostile: Readonly<
  Record<string, { readonly code: string; readonly frame: () => Uint8Array }>
> = {
  "a list that claims 10⁹ bytes": { code: "FORMAT", frame: () => signed(hugeField) },
  "bins that the profile does not have": {
    code: "WINDOW_BINS",
    frame: () => sent(withSketch(({ counts }) => ({ counts: [...counts, 0] }))),
  },
  "counts that do not add up to the items": {
    code: "WINDOW_COUNTS",
    frame: () => sent(withSketch(({ counts }) => ({ counts: plusOne(counts) }))),
  },
  "a sum that is no number": {
    code: "FORMAT",
    frame: () => sent(withSketch(() => ({ sum: Number.NaN }))),
  },
  "a sum that its bounds do not allow": {
    code: "WINDOW_COUNTS",
    frame: () => sent(withSketch(({ sum }) => ({ sum: sum + 1e9 }))),
  },
  "a count beyond 2⁵³": {
    code: "FORMAT",
    frame: () =>
      sent(withSketch(({ counts }) => ({ counts: counts.map(() => Number.MAX_SAFE_INTEGER) }))),
  },
  "a time to come": {
    code: "WINDOW_TIME",
    frame: () => sent(world.window(release, { startMs: driftStartMs + 86_400_000 })),
  },
  "a time long gone": {
    code: "WINDOW_TIME",
    frame: () => sent(world.window(release, { startMs: driftStartMs - 31 * 86_400_000 })),
  },
  "another device's name": {
    code: "FOREIGN_DEVICE",
    frame: () =>
      signed(
        encodeBatch({
          ...{ device: "cam-2" as never, boot: 1, seq: 0, dropped: 0, feedback: [] },
          windows: [world.window(release)],
        }),
      ),
  },
  "a megabyte": { code: "SIZE", frame: () => new Uint8Array(1_048_576) },
};

for (const [what, { code, frame }] of Object.entries(hostile)) {
  test(`T29: ${what}: refused, counted as ${code}, and nothing of it is merged`, async () => {
    await world.deliver(camera, frame());

    const { refusals } = await world.app.useCases.showRefusals.run();
    expect(refusals.map((refusal: RefusalCount) => [refusal.code, refusal.count])).toEqual([
      [code, 1],
    ]);
    const kept = { releasePrefix: digest8(release) };
    expect(await world.stores.telemetry.windows(kept, 1, null)).toEqual([]);
    expect(await world.judge(driftStartMs)).toBe(0);
  });
}

test("T29: what comes after all of it is taken as ever", async () => {
  for (const { frame } of Object.values(hostile)) await world.deliver(camera, frame());

  await world.deliver(camera, camera.telemetry([world.window(release)], { boot: 1, seq: 1 }));

  expect(await world.judge(driftStartMs)).toBe(1);
});
