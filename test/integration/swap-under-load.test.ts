import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { type BareModel, bareModel } from "../support/agent/bare-runtime.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { eventually } from "../support/eventually.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";

const x = floatTensor(
  "x",
  [1, 64],
  Array.from({ length: 64 }, (_, i) => Math.sin(i)),
);
const versions = ["1.0.0", "2.0.0"] as const;
type Version = (typeof versions)[number];
const networks = {
  "1.0.0": denseNetwork({ layers: [64, 256, 10], seed: 1 }),
  "2.0.0": denseNetwork({ layers: [64, 256, 10], seed: 2 }),
};

type Answer = { readonly status: number; readonly version: string; readonly y: readonly number[] };

let fixture: ApiFixture;
let runners: RunnerFixture;
let offline: Map<string, readonly number[]>;
beforeEach(async () => {
  [fixture, runners] = await Promise.all([apiFixture(), runnerFixture()]);
  offline = new Map();
  for (const version of versions) {
    await using bare: BareModel = await bareModel(networks[version]);
    const bytes = (await bare.run([x])).get("y");
    offline.set(version, floatsOf({ ...x, bytes: bytes ?? Buffer.alloc(0) }));
  }
});
afterEach(async () => {
  expect(fixture.defects).toEqual([]);
  expect(await runnerPids(runners.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
  await runners[Symbol.asyncDispose]();
});

describe("a device under load from four applications", () => {
  test("S1, F50: swaps its model four times: every request is answered, and every answer is its named version's", async () => {
    await fixture.activate(await load("1.0.0"));
    const load_ = startLoad(4);
    await eventually(() => load_.answers.length > 20);

    for (let swap = 0; swap < 4; swap++) {
      const next = await load(swap % 2 === 0 ? "2.0.0" : "1.0.0");
      const old = await fixture.activate(next);
      await old?.stop();
      const answered = load_.answers.length;
      await eventually(() => load_.answers.length > answered + 20);
    }
    const answers = await load_.stop();

    expectEveryAnswerRight(answers);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(versions));
    await fixture.router.slots()[0]?.model.stop();
  });

  test("is offered releases that are refused: the old one goes on as if nothing was", async () => {
    await fixture.activate(await load("1.0.0"));
    const load_ = startLoad(4);
    const broken = [
      { onnx: networks["2.0.0"].subarray(0, 999), code: "LOAD_FAILED" },
      { onnx: Buffer.alloc(0), code: "LOAD_FAILED" },
      { onnx: denseNetwork({ layers: [32, 10], seed: 1 }), code: "INCOMPATIBLE_SIGNATURE" },
      { onnx: networks["2.0.0"], code: "GOLDEN_MISMATCH" },
    ];

    for (const { onnx, code } of broken) {
      const staged = {
        onnx,
        io: denseContract(64, 10),
        golden: goldenOf("1.0.0"),
        version: "2.0.0",
      };
      const release = await stageModel(runners.folder.path, staged);
      await expect(
        runners.host.load(release, new AbortController().signal, "trial"),
      ).rejects.toMatchObject({
        code,
      });
    }
    const answers = await load_.stop();

    expectEveryAnswerRight(answers);
    expect(answers.length).toBeGreaterThan(20);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(["1.0.0"]));
    await fixture.router.slots()[0]?.model.stop();
  });

  test("loses its runner to SIGKILL: a standby takes over, and no request fails", async () => {
    const [one, standby] = [await load("1.0.0"), await load("2.0.0")];
    await fixture.activate(one);
    void one.exited.then(() => fixture.activate(standby));
    const load_ = startLoad(4);
    await eventually(() => load_.answers.length > 20);
    const [pid = 0] = await runnerPids(runners.folder.path);

    process.kill(pid, "SIGKILL");
    await one.exited;
    const answered = load_.answers.length;
    await eventually(() => load_.answers.length > answered + 20);
    const answers = await load_.stop();

    expectEveryAnswerRight(answers);
    expect(answers.at(-1)?.version).toBe("2.0.0");
    await standby.stop();
  });
});

async function load(version: Version): Promise<LoadedModel> {
  const staged = {
    onnx: networks[version],
    io: denseContract(64, 10),
    version,
    golden: goldenOf(version),
  };
  const release = await stageModel(runners.folder.path, staged);
  return runners.host.load(release, new AbortController().signal, "trial");
}

function goldenOf(version: Version): object {
  const tensor = (name: string, data: readonly number[] = []) => {
    return { name, datatype: "FP32", shape: [1, data.length], data };
  };
  const compare = { kind: "exact" };
  const inputs = [tensor("x", floatsOf(x))];
  const outputs = [tensor("y", offline.get(version))];
  return { spec: 1, finite: true, cases: [{ name: version, inputs, outputs, compare }] };
}

/**
 * Applications that ask again a little after each answer. Were they to ask at once, they would leave no processor time to
 * the runner of the next release, which only takes what nobody else wants, and the test would last as long as they go on.
 */
function startLoad(applications: number) {
  const answers: Answer[] = [];
  let isOver = false;
  const body = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 64], data: floatsOf(x) }] };
  const work = async () => {
    while (!isOver) {
      const reply = await fixture.ask({ path: "/v2/models/digits/infer", body });
      answers.push(parseAnswer(reply.status, reply.json()));
      await wait(5);
    }
  };
  const done = Promise.all(Array.from({ length: applications }, work));
  return {
    answers,
    stop: async () => {
      isOver = true;
      await done;
      return answers;
    },
  };
}

function parseAnswer(status: number, json: unknown): Answer {
  const { model_version: version = "", outputs = [] } = json as {
    readonly model_version?: string;
    readonly outputs?: readonly { readonly data: readonly number[] }[];
  };
  return { status, version, y: outputs[0]?.data ?? [] };
}

function expectEveryAnswerRight(answers: readonly Answer[]): void {
  for (const { status, version, y } of answers) {
    expect(status).toBe(200);
    expect(y).toEqual(offline.get(version));
  }
}
