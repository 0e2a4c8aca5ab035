import { join } from "node:path";
import {
  Deployment,
  Release,
  Rollout,
  type RolloutDevice,
  RolloutDeviceList,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../agent/src/adapters/clock/system-clock.ts";
import type { AgentStatus } from "../../agent/src/domain/agent-status.ts";
import { runCommand } from "../../modelfleet/src/demo/program.ts";
import { runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { enrolAgent, startController, type TestController } from "../support/fleet/small-fleet.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** A controller, and a device whose clock the test sets: a window that opens in six hours, and nobody waits for it. */
const hourMs = 3_600_000;
const patience = { withinMs: 30_000 };

let folder: TemporaryFolder;
let controller: TestController;
let data: string;
let device: Awaited<ReturnType<typeof start>>;
let aheadMs = 0;
const releases: Record<string, string> = {};

const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
const start = () => runningAgent(data, 500, { clock });

beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, "device");
  controller = await startController({ data: join(folder.path, "controller") });
  await enrolAgent(controller, "device-1", data);
  device = await start();
  for (const version of ["1.0.0", "2.0.0"]) {
    const path = `examples/digits/releases/${version}`;
    const { release } = await controller.command(Release, "release", "publish", path);
    releases[version] = release;
  }
  const wait = ["--all", "--wait", "--timeout", "30s"];
  await controller.command(Deployment, "deploy", "digits@1.0.0", ...wait);
});
afterAll(async () => {
  await device.close();
  await controller.program.stop();
  await folder[Symbol.asyncDispose]();
});

/** All devices at once, in an hour that the device's clock reaches so much later, or a little before. */
async function rollOut(version: string, inMs: number) {
  const opensAtMs = Math.floor((clock.nowMs() + inMs) / hourMs) * hourMs;
  const cron = `0 ${new Date(opensAtMs).getUTCHours()} * * *`;
  const answer = await fetch(`${controller.url}/v1/rollouts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ model: "digits", version },
      plan: { windows: [{ cron, durationMs: hourMs, zone: "UTC" }] },
    }),
  });
  const { id } = Rollout.parse(await answer.json());
  return { id, opensAtMs };
}

async function execution(id: string): Promise<Partial<RolloutDevice>> {
  const answer = await fetch(`${controller.url}/v1/rollouts/${id}/devices`);
  return RolloutDeviceList.parse(await answer.json()).devices[0] ?? {};
}

const reaches = (id: string, state: string, code: string | null) =>
  eventually(async () => expect(await execution(id)).toMatchObject({ state, code }), patience);

const status = async () => (await device.status()) as AgentStatus;
const serving = async () => (await status()).runtimes?.[0]?.release;
const say = async (...words: readonly string[]) => {
  const { exitCode, text } = await runCommand(["agent", ...words, "--data", data], {});
  expect(exitCode, text).toBe(0);
  return text;
};

test("R26: a release is fetched at once, and begins to serve inside its window and after the lock is off; a restart forgets neither", async () => {
  const { id, opensAtMs } = await rollOut("2.0.0", 6 * hourMs);
  await reaches(id, "waiting", "WINDOW");
  const waiting = await status();
  await say("lock", "--reason", "measuring");
  await reaches(id, "waiting", "LOCK");
  await device.close();
  const stopped = await say("status");
  device = await start();
  aheadMs = opensAtMs + hourMs / 2 - systemClock.nowMs();
  await eventually(async () => expect((await status()).heldUp).toHaveLength(1), patience);
  const locked = await status();
  await eventually(async () => expect(await serving()).toBe(releases["1.0.0"]), patience);
  const unlocked = await say("unlock");

  await reaches(id, "succeeded", null);

  expect(waiting).toMatchObject({
    slots: [{ active: { release: releases["1.0.0"] }, trial: { release: releases["2.0.0"] } }],
    // It is there and proven.
    held: [{ role: "serving" }, { role: "ready", release: releases["2.0.0"] }],
    heldUp: [{ release: releases["2.0.0"], detail: "window" }],
    lock: null,
  });
  expect(stopped).toMatch(/^LOCKED since .*: measuring;/m);
  expect(locked).toMatchObject({ lock: { reason: "measuring" }, heldUp: [{ detail: "lock" }] });
  expect(unlocked).toBe("unlocked\n");
  expect(await serving()).toBe(releases["2.0.0"]);
});

test("R26: a release that is denied on the device is refused for good, and what serves goes on", async () => {
  const { id, opensAtMs } = await rollOut("1.0.0", 3 * hourMs);
  await reaches(id, "waiting", "WINDOW");

  const said = await say("deny", "--reason", "not before the harvest");
  await reaches(id, "rejected", "CONSENT_DENIED");
  await device.close();
  device = await start();
  await eventually(async () => expect((await status()).connected).toBe(true), patience);
  aheadMs = opensAtMs + hourMs / 2 - systemClock.nowMs();
  await eventually(async () => expect(await serving()).toBe(releases["2.0.0"]), patience);

  expect(said).toBe(`slot main: ${releases["1.0.0"]} is refused\n`);
  expect(await status()).toMatchObject({
    slots: [{ trial: null, refused: [{ release: releases["1.0.0"], code: "CONSENT_DENIED" }] }],
    heldUp: [],
  });
  expect(await execution(id)).toMatchObject({
    ...{ state: "rejected", code: "CONSENT_DENIED", detail: "not before the harvest", attempt: 1 },
  });
  const nothing = await runCommand(["agent", "deny", "--data", data, "--json"], {});
  expect(nothing.exitCode).toBe(1);
  expect(nothing.text).toContain("NOT_FOUND");
});
