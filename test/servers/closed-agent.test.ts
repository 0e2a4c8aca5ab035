import { execFileSync, spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Deployment, Release } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askDevice, blankDigit } from "../support/fleet/ask-device.ts";
import { enrolAgent, startAgent, startController } from "../support/fleet/small-fleet.ts";
import { readSystemCalls, WATCHED_CALLS } from "../support/system-calls.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";
/** ONNX Runtime's telemetry looks its collector up about 9 s after it was loaded (agent.md 10.4). */
const WATCHED_MS = 12_000;
const STRACE = ["strace", "-f", "-qq", "-s", "4096", "-e", `trace=${WATCHED_CALLS}`, "-o"];
const isTraceable = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;
/** Where it must run, a missing strace fails it. */
const isSkipped = !isTraceable && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected a usable strace: apt install strace");

/** No CI variable (it silences ONNX Runtime's telemetry) and a home where every new file is visible. */
function openEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: home };
}

test.skipIf(isSkipped)(
  "S15: agent and runner write only in their data folder and open only the configured sockets, with CI unset",
  async () => {
    await using folder = await temporaryFolder();
    const [home, data, trace] = ["home", "device-1", "trace"].map((name) =>
      join(folder.path, name),
    ) as [string, string, string];
    await mkdir(home);
    const controller = await startController({ data: join(folder.path, "controller") });
    try {
      await enrolAgent(controller, "device-1", data);
      const agent = await startAgent("device-1", data, {
        wrapper: [...STRACE, trace],
        env: openEnvironment(home),
      });
      try {
        await controller.command(Release, "release", "publish", `${DIGITS}/1.0.0`);
        await controller.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait");
        expect(
          (await askDevice(agent.socketPath, "/v2/models/digits/infer", blankDigit)).status,
        ).toBe(200);
        await wait(WATCHED_MS);
      } finally {
        await agent.program.stop();
      }
    } finally {
      await controller.program.stop();
    }

    const calls = await readSystemCalls(trace);
    const allowed = [
      `ip:127.0.0.1:${controller.httpPort}`,
      `ip:127.0.0.1:${controller.mqttPort}`,
      `unix:${join(data, "agent.sock")}`,
    ];
    expect(calls.written.length).toBeGreaterThan(10);
    expect(
      calls.written.filter((path) => !path.startsWith(`${data}/`) && path !== "/dev/null"),
    ).toEqual([]);
    expect(calls.sockets.filter((socket) => !allowed.includes(socket))).toEqual([]);
  },
);

test.skipIf(isSkipped)(
  "S15: the same watch sees the runtime phone home when nobody turned its telemetry off",
  async () => {
    await using folder = await temporaryFolder();
    const [home, trace] = ["home", "trace"].map((name) => join(folder.path, name)) as [
      string,
      string,
    ];
    await mkdir(home);
    const library = createRequire(join(process.cwd(), "agent/package.json")).resolve(
      "onnxruntime-node",
    );
    const program = `require(${JSON.stringify(library)}).InferenceSession.create(${JSON.stringify(`${DIGITS}/1.0.0/model.onnx`)})`;
    execFileSync(
      STRACE[0] ?? "strace",
      [...STRACE.slice(1), trace, process.execPath, "-e", program],
      { env: openEnvironment(home) },
    );

    const calls = await readSystemCalls(trace);

    expect(calls.written.filter((path) => path !== "/dev/null")).not.toEqual([]);
  },
);
