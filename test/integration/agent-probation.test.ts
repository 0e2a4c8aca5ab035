import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { modelDigest, ReleaseDocument } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { alarmShare } from "../../agent/src/domain/rehearsal/chance.ts";
import { outputDistance } from "../../agent/src/domain/rehearsal/output-distance.ts";
import { loadDigits } from "../../examples/digits/dataset.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const patience = { withinMs: 20_000 };
const releases = new URL("../../examples/digits/releases/", import.meta.url);
const outputDistanceMax = 0.02;

test("S17: a release that passes its golden cases and answers live digits otherwise is rolled back within a second, and no request is lost", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const good = await digitsRelease(controller, "2.0.0", {});
  // Trained on nothing but the thinnest digits; its golden cases are its own answers.
  const worse = await digitsRelease(controller, "4.0.0", { confirmMs: 600_000, outputDistanceMax });
  controller.want(good);
  await using agent = await runningAgent(folder.path, 300);
  await eventually(() => stepsOf(controller).includes("2.0.0 confirmed"), patience);
  await using traffic = await digitTraffic(agent.socketPath);

  await eventually(() => traffic.answers.length >= 2_500, patience);
  controller.want(worse);
  await controller.order();
  await eventually(() => stepsOf(controller).includes("4.0.0 rolled-back ROLLED_BACK"), patience);
  const told = traffic.answers.length;
  await eventually(() => traffic.answers.length >= told + 200, patience);

  expect(traffic.answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(traffic.answers.slice(-200).every(({ version }) => version === "2.0.0")).toBe(true);
  const decided = decidingSample(traffic.answers);
  const last = traffic.answers.findLast(({ version }) => version === "4.0.0");
  expect((last?.atMs ?? Number.POSITIVE_INFINITY) - decided.atMs).toBeLessThan(1_000);
  const item = controller.reports
    .flatMap(({ items }) => items)
    .find(({ code }) => code === "ROLLED_BACK");
  expect(item?.detail).toMatch(
    /^output y: expected its distance from the release before to be at most 0\.02, and/,
  );
  expect(controller.reports.at(-1)?.slots[0]).toMatchObject({
    active: { release: good },
    refused: [{ release: worse, code: "ROLLED_BACK" }],
  });
});

type Controller = Awaited<ReturnType<typeof miniController>>;

const stepsOf = ({ reports }: Controller) =>
  reports.flatMap(({ items }) =>
    items.map(({ version, step, code = "" }) => `${version} ${step} ${code}`.trim()),
  );

/** A release of the digits example as it is, but for its probation. */
async function digitsRelease(controller: Controller, version: string, probation: object) {
  const listed = await Promise.all(
    ["model.onnx", "golden.json"].map(async (path) => {
      const content = await readFile(new URL(`${version}/${path}`, releases));
      return { path, ...controller.hold(content) };
    }),
  );
  const files = ReleaseDocument.shape.files.parse(listed);
  return controller.release(version, {
    ...{ files, digest: modelDigest(files), selfTest: { file: "golden.json" } },
    ...{ io: digitsContract, swap: { probation } },
  });
}

const digitsContract = {
  inputs: [{ name: "x", dtype: "float32", shape: [-1, 784] }],
  outputs: [
    { name: "y", dtype: "float32", shape: [-1, 10] },
    { name: "digit", dtype: "int64", shape: [-1] },
  ],
};

type Answer = {
  readonly status: number;
  readonly version: string;
  readonly digit: number;
  readonly atMs: number;
};

/** Four applications that show the device held-out digits, one after another, as fast as it answers. */
async function digitTraffic(socketPath: string) {
  const { heldOut } = await loadDigits();
  const bodies = heldOut.map(({ pixels }) => {
    // Three decimals are what the pictures have.
    const data = Array.from(pixels, (pixel) => Number(pixel.toFixed(3)));
    const x = { name: "x", datatype: "FP32", shape: [1, 784], data };
    return JSON.stringify({ inputs: [x], outputs: [{ name: "y" }] });
  });
  const lines = new Agent({ keepAlive: true, maxSockets: 4 });
  const answers: Answer[] = [];
  let [asked, isOver] = [0, false];
  const work = async () => {
    while (!isOver) {
      const body = bodies[asked++ % bodies.length] ?? "";
      answers.push(await askDigit({ socketPath, agent: lines }, body));
    }
  };
  const done = Promise.all(Array.from({ length: 4 }, work));
  return {
    answers,
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await done;
      lines.destroy();
    },
  };
}

function askDigit(
  place: { readonly socketPath: string; readonly agent: Agent },
  body: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ...place, path: "/v2/models/digits/infer", method: "POST" };
    const asked = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(parseAnswer(response.statusCode ?? 0, text)));
    });
    asked.on("error", reject).end(body);
  });
}

function parseAnswer(status: number, text: string): Answer {
  const { model_version: version = "", outputs = [] } = JSON.parse(text) as {
    readonly model_version?: string;
    readonly outputs?: readonly { readonly name: string; readonly data: readonly number[] }[];
  };
  const chances = outputs[0]?.data ?? [];
  const digit = chances.indexOf(Math.max(...chances));
  return { status, version, digit, atMs: performance.now() };
}

/** Answers that were under way together came in another order than the agent saw them. */
const orderSlack = 0.003;

/** The first answer of the worse release with which the rule holds, computed again from what the applications got. */
function decidingSample(answers: readonly Answer[]): Answer {
  const digitsOf = (version: string) =>
    answers
      .filter((answer) => answer.version === version && answer.atMs < lastAtMs)
      .map(({ digit }) => digit);
  const trial = answers.filter(({ version }) => version === "4.0.0");
  const lastAtMs = trial.at(-1)?.atMs ?? 0;
  const before = window(digitsOf("2.0.0"));
  const tried = digitsOf("4.0.0");
  const found = trial.find((_, i) => {
    const judged = outputDistance(window(tried.slice(0, i + 1)), before, alarmShare(i + 1));
    return judged !== null && judged.distance + orderSlack > outputDistanceMax + judged.margin;
  });
  if (found === undefined) throw new TypeError("expected a sample that decides");
  return found;
}

function window(digits: readonly number[]) {
  return {
    kind: "classes",
    bins: 10,
    latest: () => Float64Array.from(digits.slice(-4_096)),
  } as const;
}
