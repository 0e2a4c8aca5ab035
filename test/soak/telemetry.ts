/**
 * `npm run soak:telemetry -- --kills 50 --seed 7`: devices send 2,000 signed batches of telemetry a second while the
 * controller (and the broker, which is a part of it), devices and a real agent are killed with SIGKILL at random moments.
 * With `--broker mosquitto` the broker is a process of its own, as it comes from a package, and is killed for itself.
 * The last line is JSON; the exit code is 1 when a (device, boot, seq) is not stored exactly once, an outbox outgrew its
 * bound, or something was dropped and not counted.
 */
import { parseArgs } from "node:util";
import { killedTelemetry } from "../support/telemetry-killed/killed-telemetry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    devices: { type: "string", default: "120" },
    "per-second": { type: "string", default: "2000" },
    /** Batches a simulated device keeps; a small one drops while the controller is away. */
    "outbox-max": { type: "string", default: "200" },
    "agent-kills-min": { type: "string", default: "5" },
    broker: { type: "string", default: "embedded" },
  },
});
const [kills, seed, devices] = [Number(values.kills), Number(values.seed), Number(values.devices)];
const outboxMax = Number(values["outbox-max"]);
const { broker } = values;
if (broker !== "embedded" && broker !== "mosquitto") {
  throw new RangeError(`--broker: expected embedded or mosquitto, got ${broker}`);
}

await using folder = await temporaryFolder("modelfleet-soak-");
const beganMs = performance.now();
const seconds = () => Math.round((performance.now() - beganMs) / 1_000);
console.log(`seed ${seed}, ${kills} kills, ${devices} devices`);
const result = await killedTelemetry({
  ...{ seed, kills, devices, outboxMax },
  onMosquitto: broker === "mosquitto",
  perSecond: Number(values["per-second"]),
  agentKillsMin: Number(values["agent-kills-min"]),
  folder: {
    data: folder.inside("controller"),
    agent: folder.inside("agent"),
    cache: folder.inside("cache"),
  },
  killed: (count) => {
    console.log(`${count} of ${kills} kills, ${seconds()} s`);
  },
});
const { violations, ...figures } = result;
const unbounded = figures.owedMax > outboxMax ? [`an outbox held ${figures.owedMax}`] : [];
const all = [...violations, ...unbounded];
for (const text of all.slice(0, 50)) console.log(text);
console.log(
  JSON.stringify({ ...figures, violations: all.length, broker, seed, seconds: seconds() }),
);
process.exitCode = all.length === 0 ? 0 : 1;
