import type { DriftPolicy } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { exportedCells } from "../../../../controller/src/app/drift/exported-cells.ts";
import { isHidden } from "../../../../controller/src/app/drift/is-hidden.ts";
import type { CohortKey } from "../../../../controller/src/domain/drift/cohort-key.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import type { CellRollup } from "../../../../controller/src/ports/drift-store.ts";
import type { ReleaseRecord } from "../../../../controller/src/ports/release-store.ts";
import { releaseDocument, signedRelease } from "../../../support/trust-fixtures.ts";

const baseline = "profile.json" as DriftPolicy["baseline"];
const strict = { drift: { baseline, privacy: "strict" } } as const;
const cohort = (devices: number, items: number) => ({
  devices,
  merged: { ...mergeWindows([]), items },
});

test("T30: under strict privacy a cohort is shown from five devices and a hundred items on, and not of one fewer", () => {
  expect(isHidden(strict, cohort(5, 100))).toBe(false);
  expect(isHidden(strict, cohort(4, 100))).toBe(true);
  expect(isHidden(strict, cohort(5, 99))).toBe(true);
});

test("without strict privacy every cohort is shown", () => {
  expect(isHidden({ drift: { baseline } }, cohort(1, 1))).toBe(false);
  expect(isHidden({ drift: { baseline, privacy: "sketches" } }, cohort(1, 1))).toBe(false);
  expect(isHidden({}, cohort(1, 1))).toBe(false);
});

test("T30: under strict privacy other systems are not sent what is shown nobody here", () => {
  const document = { ...releaseDocument(), ...strict };
  const { bytes: envelope, sha256: release } = signedRelease();
  const approval = { state: "not-needed" } as const;
  const record: ReleaseRecord = { release, document, envelope, publishedAtMs: 0, approval };
  const rollup = (name: CohortKey, devices: number): CellRollup => ({
    ...{ cohort: name, startMs: 0, lengthMs: 1, labels: [], verdicts: [] },
    ...cohort(devices, 100),
  });

  const sent = exportedCells(record, [rollup("fleet", 5), rollup("hall=north", 4)]);

  expect(sent.map(({ cohort: name }) => name)).toEqual(["fleet"]);
});
