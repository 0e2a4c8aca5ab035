import { writeFile } from "node:fs/promises";
import type { Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { askHttp } from "../support/agent/ask-http.ts";
import { hostileRunner } from "../support/agent/hostile-runner.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { runnerPids } from "../support/agent/runner-fixture.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { denseContract } from "../support/agent/staged-model.ts";
import { textLike } from "../support/agent/text-like.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const patience = { withinMs: 20_000 };
const leak = "(globalThis.kept ??= []).push(Buffer.alloc(1 << 20, 1)); send(ok, y)";
const leaking = {
  io: denseContract(4, 2),
  limits: { memoryMiB: 96, loadMs: 10_000, inferMs: 5_000 },
};
/** Of the system's limit, or of the watch: which of them is the first depends on what Node has touched by then. */
const forMemory = textLike(/out of memory|used more than \d+ MiB of memory/);

test("F49: a release whose runner leaks is restarted before a request is lost; one that leaks on trial is taken back, and why is told", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const runnerPath = folder.inside("leaking.cjs");
  await writeFile(runnerPath, hostileRunner(leak));
  const first = controller.release("1.0.0", leaking);
  controller.want(first);
  await using agent = await runningAgent(folder.path, 100, {}, runnerPath);
  const itemOf = (release: Sha256, step: string) =>
    controller.reports
      .flatMap(({ items }) => items)
      .find((item) => item.release === release && item.step === step);
  await eventually(() => itemOf(first, "confirmed") !== undefined, patience);
  const [leaker] = await runnerPids(folder.path);

  await askUntil(agent.socketPath, () =>
    agent.events.some(({ event }) => event === "release.restored"),
  );

  expect(agent.events).toContainEqual(
    expect.objectContaining({ event: "runner.ended", reason: forMemory, inRow: 1 }),
  );
  expect(await runnerPids(folder.path)).not.toContain(leaker);
  const metrics = await askHttp({ socketPath: agent.socketPath }, { path: "/metrics" });
  expect(metrics.bytes.toString()).toMatch(/runner_restarts_total\{.+\} 1$/m);

  const probation = { confirmMs: 60_000 };
  const second = controller.release("2.0.0", { ...leaking, swap: { probation } });
  controller.want(second);
  await controller.order();
  await eventually(() => itemOf(second, "activated") !== undefined, patience);
  await askUntil(agent.socketPath, () => itemOf(second, "rolled-back") !== undefined);

  expect(itemOf(second, "rolled-back")).toMatchObject({ code: "RUNNER_CRASH", detail: forMemory });
  expect((await ask(agent.socketPath)).json()).toMatchObject({ model_version: "1.0.0" });
});

/** One request after another; every one of them is answered. */
async function askUntil(socketPath: string, isOver: () => boolean): Promise<void> {
  const untilMs = performance.now() + patience.withinMs;
  while (!isOver() && performance.now() < untilMs) {
    expect((await ask(socketPath)).status).toBe(200);
  }
  expect(isOver()).toBe(true);
}

function ask(socketPath: string) {
  const x = { name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] };
  return askHttp({ socketPath }, { path: "/v2/models/digits/infer", body: { inputs: [x] } });
}
