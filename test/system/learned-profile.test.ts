import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Alert,
  AlertDetail,
  AlertList,
  Deployment,
  DriftAnswer,
  LearnedProfileAnswer,
  ReferenceProfile,
  Release,
  type Sha256,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Digit, loadDigits, PIXELS } from "../../examples/digits/dataset.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice } from "../support/fleet/ask-device.ts";
import {
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { seededRandom } from "../support/random.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const rowsPerRequest = 64;
const patience = { withinMs: 60_000, everyMs: 250 };
/** What a stain on the lens covers of each picture. */
const stain = { from: 560, until: 672 };

const stack = new AsyncDisposableStack();
let controller: TestController;
let agent: TestAgent;
let folder: TemporaryFolder;
let digits: readonly Digit[] = [];
const camera = { isStained: false, isStopped: false };

beforeAll(async () => {
  folder = stack.use(await temporaryFolder());
  const data = folder.inside("controller");
  controller = await startController({ data, flags: ["--drift-window", "1s"] });
  stack.defer(() => controller.program.stop());
  await enrolAgent(controller, "cam-1", folder.inside("agent"), "--label", "site=canary");
  agent = await startAgent("cam-1", folder.inside("agent"));
  stack.defer(() => agent.program.stop());
  digits = (await loadDigits()).heldOut;
});
afterAll(() => stack.disposeAsync());

/** The digits release under another version, with this profile beside it; on the device when it is back. */
async function rollOut(version: string, profile: ReferenceProfile): Promise<Sha256> {
  const release = folder.inside(version);
  await cp("examples/digits/releases/1.0.0", release, { recursive: true });
  const manifest = JSON.parse(await readFile(join(release, "release.json"), "utf8")) as object;
  await writeFile(join(release, "release.json"), JSON.stringify({ ...manifest, version }));
  await writeFile(join(release, "profile.json"), JSON.stringify(profile));
  const published = await controller.command(Release, "release", "publish", release);
  await controller.command(Deployment, "deploy", `digits@${version}`, "--all", "--wait");
  return published.release;
}

/** Asks as fast as the device answers, until it is told to stop. */
async function application(): Promise<void> {
  const random = seededRandom(14);
  while (!camera.isStopped) {
    const data = Array.from({ length: rowsPerRequest }, () => {
      const pixels = digits[random.below(digits.length)]?.pixels ?? [];
      return Array.from(pixels, (ink, at) =>
        camera.isStained && at >= stain.from && at < stain.until ? Math.max(ink, 0.5) : ink,
      );
    }).flat();
    const input = { name: "x", datatype: "FP32", shape: [rowsPerRequest, PIXELS], data };
    const answer = await askDevice(agent.socketPath, "/v2/models/digits/infer", {
      inputs: [input],
    });
    expect(answer.status).toBe(200);
  }
}

async function alertsOf(release: Sha256): Promise<readonly Alert[]> {
  const { alerts } = await controller.command(AlertList, "alert", "list");
  return alerts.filter((alert) => alert.release === release);
}

async function alertIn(release: Sha256, state: string): Promise<Alert> {
  const all = await alertsOf(release);
  const found = all.find((alert) => alert.state === state);
  if (found !== undefined) return found;
  throw new Error(`expected an alert that is ${state}, got ${JSON.stringify(all)}`);
}

test("a reference is learnt from a canary, pages nobody when the camera is stained, and pages once a person has confirmed it", async () => {
  const path = folder.inside("profile.json");
  const model = ["--model", "examples/digits/releases/1.0.0"];
  await controller.attempt("profile", "start", ...model, "--out", path);
  const learning = ReferenceProfile.parse(JSON.parse(await readFile(path, "utf8")));
  const first = await rollOut("1.0.0", learning);
  const asking = application();

  const learn = [
    "profile",
    "learn",
    "digits",
    "1.0.0",
    "--cohort",
    "site=canary",
    "--windows",
    "4",
  ];
  const { profile } = await eventually(
    () => controller.command(LearnedProfileAnswer, ...learn, "--items", "500", "--out", path),
    patience,
  );
  expect(profile).toMatchObject({ provisional: true, learned: { devices: 1, windows: 4 } });
  expect(profile.features.map(({ name }) => name)).toEqual(["x.mean", "x.sd", "x.min", "x.max"]);
  expect(profile.outputs[0]?.counts.every((count) => count > 0)).toBe(true);
  const drift = await controller.command(DriftAnswer, "drift", "show", "digits");
  expect(drift.releases).toMatchObject([{ release: first, isLearning: true, cohorts: [] }]);

  camera.isStained = true;
  const second = await rollOut("1.1.0", profile);
  const hushed = await eventually(() => alertIn(second, "SUPPRESSED"), patience);
  expect(hushed.suppression).toBe("provisional");

  const by = ["--by", "A. Miller"];
  const confirmed = await controller.command(ReferenceProfile, "profile", "confirm", path, ...by);
  const third = await rollOut("1.2.0", confirmed);
  const told = await eventually(() => alertIn(third, "FIRING"), patience);
  camera.isStopped = true;
  await asking;

  expect(told.signal).toMatch(/^(feature:x\.|quality:x\.|output:y:)/);
  for (const { id, state } of await alertsOf(second)) {
    const { changes } = await controller.command(AlertDetail, "alert", "show", id);
    expect([state, ...changes.map(({ notice }) => notice)]).not.toContain("fired");
  }
  expect(await alertsOf(first)).toEqual([]);
}, 150_000);
