import { DeviceId, digest8, encodeWindow, learningLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { measuredWindows } from "../../../../controller/src/app/profile/measured-windows.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import type {
  CellRollup,
  CellWindow,
  DriftStore,
} from "../../../../controller/src/ports/drift-store.ts";
import { emptyWindow, releaseDigest } from "../../../support/telemetry/windows.ts";

const cohort = "site=canary";
const bytes = encodeWindow(emptyWindow);

/** A store whose cells have windows of so many devices, of which every second one is of the cohort. */
function portsWith(devices: number) {
  const counted = { breaths: 0 };
  const windowsOfCell: DriftStore["windowsOfCell"] = (_cell, after, count) =>
    Promise.resolve(
      Array.from({ length: devices }, (_, i) => windowOf(i))
        .filter(({ device }) => device > after.device)
        .slice(0, count),
    );
  return {
    ...{ counted, drift: { windowsOfCell } as DriftStore },
    breathe: () => {
      counted.breaths += 1;
      return Promise.resolve();
    },
  };
}

function windowOf(i: number): CellWindow {
  const device = DeviceId.parse(`cam-${String(i).padStart(6, "0")}`);
  const labels = { site: i % 2 === 0 ? "canary" : "cellar" };
  return { device, deviceClass: "cam-v2", labels, mark: 1, bytes };
}

function rollup(startMs: number, windows: number): CellRollup {
  return {
    ...{ cohort, startMs, lengthMs: 10, devices: 1, labels: [], verdicts: [] },
    merged: { ...mergeWindows([]), windows },
  };
}

const measured = (ports: ReturnType<typeof portsWith>, rollups: readonly CellRollup[]) =>
  measuredWindows(ports, { releasePrefix: digest8(releaseDigest), cohort, rollups });

test("the devices of a cohort are counted over all its windows, page after page", async () => {
  const { origin, cells } = await measured(portsWith(1_201), [rollup(10, 601), rollup(20, 601)]);

  expect(origin).toEqual({ cohort, devices: 601, windows: 2, fromMs: 10, untilMs: 30 });
  expect(cells).toHaveLength(2);
});

test("others have their turn after a few windows, and not only after a page", async () => {
  const ports = portsWith(2 * 4 * learningLimits.deviceWindowsPerTurn);

  await measured(ports, [rollup(10, 1)]);

  expect(ports.counted.breaths).toBe(3);
});

test("no more windows are added up than one answer may take, and it says how many there are", async () => {
  const { deviceWindowsMax: most } = learningLimits;

  await expect(
    measured(portsWith(0), [rollup(10, most - 1), rollup(20, 1)]),
  ).resolves.toBeDefined();
  const refused = measured(portsWith(0), [rollup(10, most), rollup(20, 1)]);
  await expect(refused).rejects.toMatchObject({ code: "LEARNING_WINDOWS" });
  await expect(refused).rejects.toThrow(`got ${most + 1} in 2 windows of ${cohort}`);
});
