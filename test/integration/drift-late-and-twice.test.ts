import type { Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";
import { seededRandom } from "../support/random.ts";

const [cells, devices, windowsPerBatch] = [40, 25, 10];
const dayMs = 86_400_000;
/** The cells whose batches come two days late: a tenth. In them the world has moved by two standard deviations. */
const isLate = (cell: number) => cell >= 20 && cell < 24;

interface Batch {
  readonly device: SimulatedDevice;
  readonly cell: number;
  readonly frame: Uint8Array;
}

/** 10,000 windows of 20 items, the same for the same seed. */
async function batchesOf(world: DriftWorld, release: Sha256): Promise<readonly Batch[]> {
  const fleet: SimulatedDevice[] = [];
  for (let i = 0; i < devices; i++) {
    fleet.push(await world.device(`cam-${i}`, { hall: i < 10 ? "north" : "south" }));
  }
  return Array.from({ length: cells }, (_, cell) =>
    fleet.map((device) => {
      const shift = isLate(cell) ? { shift: { feature: 1, by: 2 } } : {};
      const windows = Array.from({ length: windowsPerBatch }, (_, i) =>
        world.window(release, {
          ...{ startMs: driftStartMs + cell * cellMs + i * 90_000, durationMs: 90_000, items: 20 },
          ...shift,
        }),
      );
      return { device, cell, frame: device.telemetry(windows, { boot: 1, seq: cell }) };
    }),
  ).flat();
}

async function run(deliver: (world: DriftWorld, batches: readonly Batch[]) => Promise<void>) {
  await using world = await driftWorld({ seed: 25 });
  const release = await world.publish();
  await deliver(world, await batchesOf(world, release));
  const { drift } = world.stores;
  const [prefix] = await drift.releasePrefixes();
  if (prefix === undefined) throw new Error("expected roll-ups of one release");
  const sums = [];
  for (let cell = 0; cell < cells; cell++) {
    const rollups = await drift.rollups({
      releasePrefix: prefix,
      startMs: driftStartMs + cell * cellMs,
    });
    sums.push(rollups.map(({ cohort, devices: of, merged }) => ({ cohort, devices: of, merged })));
  }
  const { alerts } = await drift.alerts({ limit: 100, cursor: null });
  return { sums: sums.map(byCohort), alerts, defects: world.defects };
}

function byCohort<T extends { readonly cohort: string }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((left, right) => (left.cohort < right.cohort ? -1 : 1));
}

const seed = 2_511;

test("T25: 10,000 windows twice, out of order and two days late add up to the very same, and the late ones page nobody", async () => {
  const inOrder = await run(async (world, batches) => {
    for (let cell = 0; cell < cells; cell++) {
      for (const batch of batches.filter((one) => one.cell === cell)) {
        await world.deliver(batch.device, batch.frame);
      }
      await world.judge(driftStartMs + cell * cellMs);
    }
  });
  const random = seededRandom(seed);
  const disturbed = await run(async (world, batches) => {
    const late = batches.filter(({ cell }) => isLate(cell));
    for (let cell = 0; cell < cells; cell++) {
      const due = batches.filter((batch) => batch.cell === cell && !isLate(cell));
      const twice = due.filter(() => random.next() < 0.05);
      for (const { device, frame } of shuffledFifth([...due, ...twice])) {
        await world.deliver(device, frame);
      }
      await world.judge(driftStartMs + cell * cellMs);
    }
    await world.clock.advance(2 * dayMs);
    for (const { device, frame } of random.shuffled([...late, ...late.slice(0, 5)])) {
      await world.deliver(device, frame);
    }
    await world.judge(world.clock.nowMs());
  });
  /** One in five changes its place. */
  function shuffledFifth(batches: readonly Batch[]): readonly Batch[] {
    const moved = new Set(batches.filter(() => random.next() < 0.2));
    const order = random.shuffled([...moved]);
    return batches.map((batch) => (moved.has(batch) ? (order.pop() ?? batch) : batch));
  }

  expect(disturbed.sums, `seed ${seed}`).toEqual(inOrder.sums);
  expect(inOrder.sums.flat().filter(({ cohort }) => cohort === "fleet")).toHaveLength(cells);
  expect(inOrder.alerts.length, "the same windows in time do page").toBeGreaterThan(0);
  expect(disturbed.alerts).toEqual([]);
  expect([...inOrder.defects, ...disturbed.defects]).toEqual([]);
}, 90_000);
