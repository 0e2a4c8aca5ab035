import type { DeviceId } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { slotOf } from "../support/controller/rollout-orders.ts";
import { addDevices, addRelease, rolloutTables } from "../support/controller/rollout-tables.ts";
import { gatewayFacts } from "../support/controller/simulated-device.ts";

test.each([
  ["written before its newest report", 3, "kept"],
  ["written after its newest report", 4, "replaced"],
  ["that does not say how many reports are older", null, "replaced"],
] as const)("after a hello %s the slots are what is newer", async (_, reports, outcome) => {
  await using tables = await rolloutTables();
  const [older, newer] = [await addRelease(tables, "0.9.0"), await addRelease(tables, "1.0.0")];
  const device = (await addDevices(tables, 1))[0] as DeviceId;
  const said = { boot: 7, atMs: 60, items: [], dropped: 0 };
  await tables.fleet.recordReport(device, {
    ...{ ...said, seq: 3, reportedSeq: 5, slots: [slotOf(newer)] },
  });

  await tables.fleet.recordHello(device, {
    ...{ boot: 7, era: 0, issuedAtMs: 50, atMs: 70, agentVersion: "0.1.0", facts: gatewayFacts },
    ...{ slots: [slotOf(older)], reportedSeq: 4, reports },
  });

  const known = await tables.fleet.device(device);
  const isKept = outcome === "kept";
  expect(known?.slots[0]?.active?.release).toBe(isKept ? newer : older);
  expect(known?.reportedSeq).toBe(isKept ? 5 : 4);
});
