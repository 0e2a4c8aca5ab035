import { describe, expect, test } from "vitest";
import type { SimulatorOptions } from "../../modelfleet/src/simulator/options.ts";
import { simulate } from "../../modelfleet/src/simulator/simulate.ts";

const fleet: SimulatorOptions = {
  ...{ devices: 100, planFile: undefined, seed: "1", transport: "bus" },
  ...{ loss: 0, reorder: 0, duplicate: 0, crash: 0, skewMs: 0 },
  ...{ offline: 0, awayMs: 300_000, fail: 0, failCode: "GOLDEN_MISMATCH", slow: 0, stepMs: 5_000 },
};
const badLine = { loss: 0.05, reorder: 0.1, duplicate: 0.1, crash: 0.03, skewMs: 120_000 };
const sound = { offersAfterHalt: 0, lost: 0, duplicated: 0 };

test("R33: five hundred devices on a bad line, 30 % of them away at first, all come to the right release and no transition is lost or doubled", async () => {
  const options = { ...fleet, devices: 500, ...badLine, offline: 0.3, slow: 0.02 };

  const { result } = await simulate(options, () => undefined);

  console.info(`R33 on a bus: ${JSON.stringify(result)}`);
  const { seconds: _, ...counted } = result;
  expect(counted).toEqual({ devices: 500, confirmed: 500, failed: 0, timedOut: 0, ...sound });
});

test("R33: a release that a fifth of the fleet refuses is halted, and no order goes out after that", async () => {
  const options = { ...fleet, devices: 400, ...badLine, offline: 0.1, fail: 0.2 };

  const { result, report } = await simulate(options, () => undefined);

  expect(report).toMatch(/^rollout paused \(halt\)/);
  expect(result).toMatchObject(sound);
  expect(result.failed).toBeGreaterThan(0);
  expect(result.confirmed).toBeLessThan(300);
});

test("R10: a rollout of 1 %, 10 %, 100 % to 100 agents over real MQTT with 30 % offline that return later converges, every device on the right release", async () => {
  const options = { ...fleet, transport: "mqtt", devices: 100, offline: 0.3 } as const;
  const said: string[] = [];

  const { result, report } = await simulate({ ...options, awayMs: 6_000, stepMs: 200 }, (line) =>
    said.push(line),
  );

  console.info(`R10 over MQTT: ${JSON.stringify(result)}`);
  expect(said.join("\n")).toMatch(/\d\d devices left/);
  expect(report).toMatch(/^rollout completed$/m);
  const { seconds: _, ...counted } = result;
  expect(counted).toEqual({ devices: 100, confirmed: 100, failed: 0, timedOut: 0, ...sound });
});

describe("a simulation", () => {
  test("is the same again from the same seed, and another from another", async () => {
    const options = { ...fleet, ...badLine, offline: 0.3, fail: 0.04, slow: 0.1 };

    const [first, again, other] = [
      await simulate(options, () => undefined),
      await simulate(options, () => undefined),
      await simulate({ ...options, seed: "2" }, () => undefined),
    ];

    const lineOf = ({ result }: typeof first) => JSON.stringify({ ...result, seconds: 0 });
    expect(lineOf(again)).toBe(lineOf(first));
    expect(simulatedTimes(again.report)).toBe(simulatedTimes(first.report));
    expect(simulatedTimes(other.report)).not.toBe(simulatedTimes(first.report));
  });
});

/** The report without what the machine's own time is in. */
function simulatedTimes(report: string): string {
  return report.replaceAll(/, [\d.]+ (s|min|h|d) real/g, "");
}
