import { expect, test } from "vitest";
import { parseOptions, type SimulatorFlags } from "../../../../modelfleet/src/simulator/options.ts";

const flags: SimulatorFlags = {
  ...{ devices: "1000", seed: "1", transport: "bus", loss: "0.1", reorder: "0", duplicate: "0" },
  ...{ crash: "0", skew: "0", offline: "0.3", fail: "0", failCode: "FORMAT", slow: "0" },
};

test("flags become options, each with its unit", () => {
  const expected = { devices: 1_000, loss: 0.1, offline: 0.3, failCode: "FORMAT", stepMs: 10_000 };
  expect(parseOptions(flags)).toMatchObject(expected);
  expect(parseOptions({ ...flags, loss: "0", transport: "mqtt" }).stepMs).toBe(500);
});

test.each<[string, Partial<SimulatorFlags>]>([
  ["--devices", { devices: "0" }],
  ["--devices", { devices: "1.5" }],
  ["--loss", { loss: "1.01" }],
  ["--offline", { offline: "-0.1" }],
  ["--crash", { crash: "" }],
  ["--fail-code", { failCode: "NONE" }],
  ["--transport", { transport: "udp" }],
  ["--loss, --reorder", { transport: "mqtt" }],
])("what %s does not take is refused by name", (name, changes) => {
  expect(() => parseOptions({ ...flags, ...changes })).toThrow(name);
});
