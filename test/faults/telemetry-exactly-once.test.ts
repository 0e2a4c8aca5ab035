import { expect, test } from "vitest";
import { killedTelemetry } from "../support/telemetry-killed/killed-telemetry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const seed = 7;

test(`every batch of telemetry is stored exactly once however often controller, broker and devices are killed, and what a full outbox drops is counted (seed ${seed})`, async () => {
  await using folder = await temporaryFolder();
  const outboxMax = 24;

  const result = await killedTelemetry({
    ...{ seed, kills: 2, devices: 30, perSecond: 300, outboxMax, agentKillsMin: 1 },
    folder: {
      data: folder.inside("controller"),
      agent: folder.inside("agent"),
      cache: folder.inside("cache"),
    },
  });

  expect(result.violations).toEqual([]);
  expect(result.kills).toBe(2);
  expect(result.agent.kills).toBeGreaterThanOrEqual(1);
  expect(result.owedMax).toBeLessThanOrEqual(outboxMax);
  expect(result.dropped).toBeGreaterThan(0);
  expect(result.stored).toBeGreaterThanOrEqual(result.produced - result.dropped);
});
