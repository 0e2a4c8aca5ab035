import { controllerLimits, DeviceId, digest8, encodeWindow } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { sumWindows } from "../../../../controller/src/app/ingest/sum-windows.ts";
import type { ReadWindow, WindowPlace } from "../../../../controller/src/ports/telemetry-store.ts";
import { emptyWindow, releaseDigest } from "../../../support/telemetry/windows.ts";

const releasePrefix = digest8(releaseDigest);
const bytes = encodeWindow({ ...emptyWindow, requests: 2 });

/** Windows of device 0 to 99 in turn, the newest first. */
function storeOf(count: number) {
  const pages: number[] = [];
  const windows = (_query: unknown, most: number, before: WindowPlace | null) => {
    const from = before === null ? count : before.startMs;
    const length = Math.min(most, from);
    pages.push(length);
    return Promise.resolve(Array.from({ length }, (_, i) => windowAt(from - 1 - i)));
  };
  return { pages, telemetry: { windows }, breathe: () => Promise.resolve() };
}

function windowAt(startMs: number): ReadWindow {
  const device = DeviceId.parse(`cam-${startMs % 100}`);
  const place = { startMs, device, era: 0, boot: 0, seq: startMs, position: 0 };
  return { device, slot: "main", releasePrefix, startMs, durationMs: 1, bytes, place };
}

const all = () => true;

test("windows are added up page after page, each once", async () => {
  const store = storeOf(1_203);

  const sum = await sumWindows(store, { releasePrefix }, all);

  expect(store.pages).toEqual([500, 500, 203]);
  expect(sum.merged).toMatchObject({ windows: 1_203, requests: 2_406 });
  expect(sum.devices.size).toBe(100);
  expect(sum.isWhole).toBe(true);
});

test("a full last page is whole, and nobody's windows add nothing", async () => {
  const sum = await sumWindows(storeOf(1_000), { releasePrefix }, () => false);

  expect(sum).toMatchObject({ merged: { windows: 0 }, devices: new Set(), isWhole: true });
});

test("of more than one answer adds up the newest are, and the rest is said to be missing", async () => {
  const { summaryWindowsMax } = controllerLimits;
  const store = storeOf(summaryWindowsMax + 1);

  const sum = await sumWindows(store, { releasePrefix }, (device) => device === "cam-7");

  expect(sum.isWhole).toBe(false);
  expect(store.pages).toHaveLength(summaryWindowsMax / 500 + 1);
  expect(sum.merged.windows).toBe(summaryWindowsMax / 100);
  const exact = await sumWindows(storeOf(summaryWindowsMax), { releasePrefix }, () => false);
  expect(exact.isWhole).toBe(true);
});
