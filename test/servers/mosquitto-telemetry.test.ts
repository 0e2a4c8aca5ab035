import { expect, test } from "vitest";
import { mosquittoIsHere } from "../support/broker/mosquitto.ts";
import { killedTelemetry } from "../support/telemetry-killed/killed-telemetry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isSkipped = !mosquittoIsHere && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected mosquitto: apt install mosquitto");

const seed = 11;

test.skipIf(isSkipped)(
  `every batch of telemetry is stored exactly once however often controller, a Mosquitto with its own limits, and devices are killed (seed ${seed})`,
  { timeout: 240_000 },
  async () => {
    await using folder = await temporaryFolder();
    const outboxMax = 24;

    const result = await killedTelemetry({
      ...{ seed, kills: 2, devices: 20, perSecond: 200, outboxMax, agentKillsMin: 1 },
      onMosquitto: true,
      folder: {
        data: folder.inside("controller"),
        agent: folder.inside("agent"),
        cache: folder.inside("cache"),
      },
    });

    expect(result.violations).toEqual([]);
    expect(result.kills).toBe(1);
    expect(result.brokerKills).toBe(1);
    expect(result.owedMax).toBeLessThanOrEqual(outboxMax);
    expect(result.dropped).toBeGreaterThan(0);
    expect(result.stored).toBeGreaterThanOrEqual(result.produced - result.dropped);
  },
);
