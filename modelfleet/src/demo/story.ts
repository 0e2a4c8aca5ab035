import { join } from "node:path";
import { Deployment } from "@modelfleet/protocol";
import {
  type DigitApplication,
  type ExpectedAnswers,
  startDigitApplication,
} from "./digit-application.ts";
import { type Digit, inverted } from "./digits.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { offlineAnswers } from "./offline-answers.ts";
import { featureSince, shareMoved } from "./telemetry-shift.ts";

const DEVICE_IDS = ["demo-1", "demo-2", "demo-3"] as const;
const VERSIONS = ["1.0.0", "2.0.0", "3.0.0"] as const;
const ASK_EVERY_MS = 25;
const STEADY_MS = 3_000;
const FEATURE = "ink.mean";
/** With the digits the model was made from, little moves; inverted, nearly everything does. */
const MOVED_BEFORE_MAX = 0.35;
const MOVED_AFTER_MIN = 0.8;
const REQUESTS_FOR_SHAPE = 300;

/** What really happened; the demo fails when it is not what the story says. */
export interface StoryResult {
  readonly answered: number;
  readonly failed: number;
  readonly mismatched: number;
  readonly swaps: number;
  readonly refused: readonly string[];
  readonly devices: number;
}

export interface StoryOptions {
  readonly folder: string;
  readonly releasesFolder: string;
  readonly digits: readonly Digit[];
  readonly say: Narrator;
}

export interface Narrator {
  readonly step: (title: string) => void;
  readonly line: (text: string) => void;
}

/** The main job from one end to the other, on real processes, a real model and real digits. */
export async function tellStory(options: StoryOptions): Promise<StoryResult> {
  const { say } = options;
  say.step("What each version answers offline, to compare with later");
  const expected = {
    plain: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits),
    inverted: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits.map(inverted)),
  };
  say.step("A controller and three devices");
  const fleet = await startFleet({ folder: options.folder, deviceIds: DEVICE_IDS, say: say.line });
  try {
    return await liveWith(fleet, options, expected);
  } finally {
    await fleet.stop();
  }
}

async function liveWith(
  fleet: Fleet,
  options: StoryOptions,
  expected: ExpectedAnswers,
): Promise<StoryResult> {
  const { say } = options;
  say.step("Version 1 is published and deployed");
  await publish(options, fleet, "1.0.0");
  await deploy(options, fleet, "1.0.0");
  const applications = fleet.devices.map((device) =>
    startDigitApplication({
      socketPath: device.socketPath,
      digits: options.digits,
      expected,
      everyMs: ASK_EVERY_MS,
    }),
  );
  try {
    const refused = await replaceAndShift(fleet, options, applications);
    await stopAll(applications);
    return { ...total(applications), refused, devices: fleet.devices.length };
  } finally {
    await stopAll(applications);
  }
}

/** Versions 2, 3 and 1 again, under load; then the shifted input. Returns the refusal codes of version 3. */
async function replaceAndShift(
  fleet: Fleet,
  options: StoryOptions,
  applications: readonly DigitApplication[],
): Promise<readonly string[]> {
  const { say } = options;
  await steady();
  report(say, applications);

  say.step("Version 2 replaces it while digits keep coming");
  await publish(options, fleet, "2.0.0");
  await deploy(options, fleet, "2.0.0");
  await steady();
  report(say, applications);

  say.step("Version 3 loads, but fails its golden cases: each device refuses it");
  await publish(options, fleet, "3.0.0");
  const refused = await deploy(options, fleet, "3.0.0");
  report(say, applications);

  say.step("The operator goes back to version 1");
  await deploy(options, fleet, "1.0.0");
  await steady();
  report(say, applications);

  await showShift(options, fleet, applications);
  return refused;
}

async function stopAll(applications: readonly DigitApplication[]): Promise<void> {
  await Promise.all(applications.map((application) => application.stop()));
}

async function showShift(
  options: StoryOptions,
  fleet: Fleet,
  applications: readonly DigitApplication[],
): Promise<void> {
  const { say } = options;
  say.step("The cameras are inverted: the model still answers, but telemetry sees it");
  const before = await featureSince(fleet, FEATURE, {
    atMs: Date.now() - STEADY_MS,
    minRequests: 1,
  });
  for (const application of applications) application.invert();
  // The windows that were open at the change hold both kinds of digits; look at the ones after them.
  await steady();
  const after = await featureSince(fleet, FEATURE, {
    atMs: Date.now(),
    minRequests: REQUESTS_FOR_SHAPE,
  });
  const shown = await fleet.command("telemetry", "show", "digits", "--since", "5s");
  if (shown.exitCode !== 0) throw new Error(`telemetry show failed: ${shown.text}`);
  for (const [when, feature] of [
    ["before", before],
    ["after", after],
  ] as const) {
    const mean = feature.mean === null ? "–" : feature.mean.toFixed(3);
    say.line(
      `${when.padEnd(6)} ${FEATURE} ${mean} (reference ${feature.referenceMean.toFixed(3)}), ${Math.round(shareMoved(feature) * 100)} % of the answers in another bin`,
    );
  }
  if (shareMoved(before) > MOVED_BEFORE_MAX || shareMoved(after) < MOVED_AFTER_MIN) {
    throw new Error(
      `expected ${FEATURE} to move from below ${MOVED_BEFORE_MAX} to above ${MOVED_AFTER_MIN}, got ${shareMoved(before)} and ${shareMoved(after)}`,
    );
  }
}

async function publish(options: StoryOptions, fleet: Fleet, version: string): Promise<void> {
  options.say.line(`modelfleet release publish examples/digits/releases/${version}`);
  const result = await fleet.command("release", "publish", join(options.releasesFolder, version));
  if (result.exitCode !== 0)
    throw new Error(`version ${version} was not published: ${result.text}`);
}

/** Deploys to every device and waits; returns the refusal codes. Every device must come to the same end. */
async function deploy(
  options: StoryOptions,
  fleet: Fleet,
  version: string,
): Promise<readonly string[]> {
  options.say.line(`modelfleet deploy digits@${version} --all --wait`);
  const result = await fleet.command(
    "deploy",
    `digits@${version}`,
    "--all",
    "--wait",
    "--timeout",
    "60s",
  );
  const { devices } = Deployment.parse(result.answer);
  for (const device of devices) {
    const reason = device.code === null ? "" : `: ${device.code}: ${device.detail ?? ""}`;
    options.say.line(`  ${device.device} ${device.status}${reason}`);
  }
  const isRefusal = version === "3.0.0";
  const wanted = isRefusal ? "refused" : "confirmed";
  if (
    devices.length !== fleet.devices.length ||
    devices.some((device) => device.status !== wanted)
  ) {
    throw new Error(
      `expected ${fleet.devices.length} devices ${wanted} for ${version}: ${result.text}`,
    );
  }
  return [...new Set(devices.flatMap((device) => (device.code === null ? [] : [device.code])))];
}

function report(say: Narrator, applications: readonly DigitApplication[]): void {
  for (const [index, application] of applications.entries()) {
    const counts = application.counts();
    const accuracy = counts.answered === 0 ? 0 : counts.correct / counts.answered;
    say.line(
      `  ${DEVICE_IDS[index] ?? "?"} version ${counts.version ?? "none"}, ${counts.answered} answers, ${counts.failed} failed, ${counts.mismatched} mismatched, ${Math.round(accuracy * 100)} % right, slowest ${counts.slowestMs.toFixed(0)} ms`,
    );
    if (counts.lastFailure !== undefined) say.line(`    last failure: ${counts.lastFailure}`);
  }
}

function total(applications: readonly DigitApplication[]) {
  const all = applications.map((application) => application.counts());
  const sum = (pick: (counts: (typeof all)[number]) => number) =>
    all.reduce((so, counts) => so + pick(counts), 0);
  return {
    answered: sum((counts) => counts.answered),
    failed: sum((counts) => counts.failed),
    mismatched: sum((counts) => counts.mismatched),
    swaps: sum((counts) => counts.swaps),
  };
}

function steady(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, STEADY_MS));
}
