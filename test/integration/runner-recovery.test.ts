import { modelDigest, ReleaseDocument, type Sha256 } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { miniController } from "../support/agent/mini-controller.ts";
import { runnerPids } from "../support/agent/runner-fixture.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { endlessLoop, hangsBelowMinusMillion } from "../support/onnx/hostile-models.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const INFER_MS = 500;
const patience = { withinMs: 20_000 };
/** Sends the model into its endless loop. */
const poison = [-9e6, -9e6];

let folder: TemporaryFolder;
let controller: Awaited<ReturnType<typeof miniController>>;
let agent: Awaited<ReturnType<typeof runningAgent>>;

async function openDevice(): Promise<void> {
  folder = await temporaryFolder();
  controller = await miniController();
  await enrolledFolder(folder.path, controller);
}

async function closeDevice(): Promise<void> {
  await agent.close();
  expect(await runnerPids(folder.path)).toEqual([]);
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
}

describe("S11: a hung inference", () => {
  beforeAll(async () => {
    await openDevice();
    await serve("1.0.0");
  });
  afterAll(closeDevice);

  test("F47: a release that never returns is refused, and the one before serves", async () => {
    const looping = publish("2.0.0", endlessLoop(2));

    controller.want(looping);
    await controller.order();

    await eventually(() => expect(codesOf(looping)).toContain("refused WARMUP_TIMEOUT"), patience);
    expect((await agent.infer([3, 4])).json()).toMatchObject({ model_version: "1.0.0" });
    expect(codesOf(looping)).toContain("loading");
  });

  test("F47: a run that never returns is killed at its limit, and the next request is served", async () => {
    const startMs = performance.now();

    const hung = await agent.infer(poison);
    const tookMs = performance.now() - startMs;
    const next = await agent.infer([1, 2]);

    expect(hung.status).toBe(504);
    expect(tookMs).toBeGreaterThanOrEqual(INFER_MS);
    expect(tookMs).toBeLessThan(INFER_MS + 200);
    expect(next.json()).toMatchObject({ model_version: "1.0.0", outputs: [{ data: [1, 2] }] });
  });
});

describe("S10: a crash of the active runner", () => {
  beforeAll(async () => {
    await openDevice();
    await serve("1.0.0");
  });
  afterAll(closeDevice);

  test("F48: a runner that is killed under load costs no request, and its release serves again", async () => {
    let isOver = false;
    const statuses: number[] = [];
    const askers = Array.from({ length: 8 }, async (_, i) => {
      for (let k = 0; !isOver; k++) {
        const answer = await agent.infer([i, k]);
        statuses.push(answer.status);
        expect(answer.json()).toMatchObject({ outputs: [{ data: [i, k] }] });
      }
    });

    for (const signal of ["SIGKILL", "SIGSEGV", "SIGABRT"] as const) {
      const before = statuses.length;
      await eventually(() => statuses.length > before + 20);
      const [pid = 0] = await runnerPids(folder.path);
      process.kill(pid, signal);
      await eventually(async () => {
        const [now] = await runnerPids(folder.path);
        expect(now).toBeDefined();
        expect(now).not.toBe(pid);
      }, patience);
      const killed = statuses.length;
      await eventually(() => statuses.length > killed + 20, patience);
    }
    isOver = true;
    await Promise.all(askers);

    expect(new Set(statuses)).toEqual(new Set([200]));
  }, 60_000);

  test("F48: a runner killed on trial takes its release back, for good, and the one before answers", async () => {
    const second = publish("2.0.0", hangsBelowMinusMillion(2), {
      swap: { probation: { confirmMs: 60_000 } },
    });
    controller.want(second);
    await controller.order();
    await eventually(() => expect(codesOf(second)).toContain("activated"), patience);
    const [serving = 0] = await runnerPids(folder.inside("run", second.slice(0, 16)));

    process.kill(serving, "SIGSEGV");

    await eventually(() => expect(codesOf(second)).toContain("rolled-back RUNNER_CRASH"), patience);
    await eventually(async () => {
      expect((await agent.infer([5, 6])).json()).toMatchObject({ model_version: "1.0.0" });
    });
    await controller.order();
    await eventually(async () => {
      expect(await agent.status()).toMatchObject({
        slots: [{ trial: null, refused: [{ release: second, code: "RUNNER_CRASH" }] }],
      });
    });
  });
});

/** Starts the agent with this version confirmed. */
async function serve(version: string): Promise<Sha256> {
  const release = publish(version, hangsBelowMinusMillion(2));
  controller.want(release);
  agent = await runningAgent(folder.path);
  await eventually(() => expect(codesOf(release)).toContain("confirmed"), patience);
  return release;
}

function publish(version: string, onnx: Uint8Array, changes: object = {}): Sha256 {
  const held = controller.hold(Buffer.from(onnx));
  const files = ReleaseDocument.shape.files.parse([{ path: "model.onnx", ...held }]);
  const limits = { memoryMiB: 256, loadMs: 3_000, inferMs: INFER_MS };
  return controller.release(version, { files, digest: modelDigest(files), limits, ...changes });
}

/** What was reported of a release: its steps, with the code where there is one. */
function codesOf(release: Sha256): string[] {
  return controller.reports
    .flatMap(({ items }) => items)
    .filter((item) => item.release === release)
    .map(({ step, code }) => [step, code].filter((word) => word !== undefined).join(" "));
}
