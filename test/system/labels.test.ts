import {
  AlertList,
  Deployment,
  DriftAnswer,
  type DriftVerdict,
  InferResponse,
  Release,
  TelemetryAnswer,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { argmax } from "../../examples/digits/classify.ts";
import { CLASSES, type Digit, loadDigits, PIXELS } from "../../examples/digits/dataset.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice } from "../support/fleet/ask-device.ts";
import { startPair, type TestAgent, type TestController } from "../support/fleet/small-fleet.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** One request of a device that says so many digits; what people know of them comes later. */
const rows = 300;
const patience = { withinMs: 20_000, everyMs: 100 };

const stack = new AsyncDisposableStack();
let controller: TestController;
let agent: TestAgent;
let digits: readonly Digit[] = [];

beforeAll(async () => {
  const folder = stack.use(await temporaryFolder());
  ({ controller, agent } = await startPair(folder.path, "--drift-window", "1s"));
  stack.defer(() => controller.program.stop());
  stack.defer(() => agent.program.stop());
  await controller.command(Release, "release", "publish", "examples/digits/releases/1.0.0");
  await controller.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait");
  digits = (await loadDigits()).heldOut;
});
afterAll(() => stack.disposeAsync());

const post = (path: string, body: object) =>
  askDevice(agent.socketPath, `/v2/models/digits/${path}`, body);
const label = (id: string, labels: readonly number[]) => post("feedback", { id, label: labels });

/** What the model says to these digits. */
async function predict(id: string, shown: readonly Digit[]): Promise<number[]> {
  const data = shown.flatMap(({ pixels }) => [...pixels]);
  const input = { name: "x", datatype: "FP32", shape: [shown.length, PIXELS], data };
  const { outputs } = InferResponse.parse((await post("infer", { id, inputs: [input] })).body);
  const chances = Float32Array.from(
    (outputs.find(({ name }) => name === "y")?.data ?? []) as number[],
  );
  return shown.map((_, row) => argmax(chances.subarray(row * CLASSES, (row + 1) * CLASSES)));
}

/** The window of the first request is over, and counted at the controller. */
const windowOver = () =>
  eventually(async () => {
    const answer = await controller.command(TelemetryAnswer, "telemetry", "show", "digits");
    return answer.summaries[0]?.requests === 1;
  }, patience);

/** The verdict of the newest cell, once labels have come in it. */
async function judgedAccuracy(): Promise<DriftVerdict> {
  const answer = await fetch(`${controller.url}/v1/models/digits/drift?cohort=fleet`);
  const { releases } = DriftAnswer.parse(await answer.json());
  const found = releases[0]?.cohorts[0]?.verdicts.find(({ signal }) => signal === "accuracy:digit");
  if (found !== undefined && found.status !== "INSUFFICIENT_DATA") return found;
  throw new Error(`expected a verdict on the labels, got ${found?.status ?? "none"}`);
}

const alerts = async () =>
  (await controller.command(AlertList, "alert", "list")).alerts.filter(
    ({ signal }) => signal === "accuracy:digit",
  );

test("labels that come when their window is over are counted once each at the controller, as many as were wrong, and alarm nobody while the model is as good as it was", async () => {
  const shown = digits.slice(0, rows);
  const labels = shown.map((digit) => digit.label);
  const said = await predict("morning", shown);
  const errors = said.filter((digit, row) => digit !== labels[row]).length;
  await windowOver();

  const counted = await label("morning", labels);
  const again = await label("morning", labels);
  const other = await label("morning", said);
  const unknown = await label("evening", labels);
  const short = await label("morning", labels.slice(1));

  expect(errors).toBeGreaterThan(0);
  expect(counted).toMatchObject({ status: 200, body: { labelled: rows, errors, repeated: false } });
  expect(again).toMatchObject({ status: 200, body: { labelled: 0, errors: 0, repeated: true } });
  expect([other, unknown, short].map(({ status }) => status)).toEqual([409, 404, 400]);
  const judged = await eventually(judgedAccuracy, patience);
  expect(judged).toMatchObject({ status: "OK", items: rows, value: errors / rows });
  expect(await alerts()).toEqual([]);
});

test("labels that say that every answer is wrong are an alert of the accuracy, and the device says so at once", async () => {
  const said = await predict("night", digits.slice(rows, 2 * rows));

  await label(
    "night",
    said.map((digit) => (digit + 1) % CLASSES),
  );
  const warning = await agent.program.event("labels.drift", 5_000);

  expect(warning).toMatchObject({ model: "digits", version: "1.0.0", output: "digit" });
  const firing = await eventually(async () => {
    const [first, ...others] = (await alerts()).filter(({ state }) => state === "FIRING");
    if (first === undefined) throw new Error("expected an alert of the accuracy");
    return [first, ...others];
  }, patience);
  expect(firing).toMatchObject([{ cohort: "fleet", severity: "critical", model: "digits" }]);
  // Those of the morning were no worse than the reference, and do not count any more.
  expect(await judgedAccuracy()).toMatchObject({ status: "BREACH", items: rows, value: 1 });
});
