import { join } from "node:path";
import { Deployment, type FeatureSummary, Release, totalVariation } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import {
  type DigitApplication,
  type ExpectedAnswers,
  startDigitApplication,
} from "./digit-application.ts";
import { type Digit, inverted } from "./digits.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { offlineAnswers } from "./offline-answers.ts";
import { featureSince } from "./telemetry-shift.ts";

const DEVICE_IDS = ["demo-1", "demo-2", "demo-3"] as const;
const VERSIONS = ["1.0.0", "2.0.0", "3.0.0"] as const;
const ASK_EVERY_MS = 25;
const STEADY_MS = 3_000;
const FEATURE = "ink.mean";
/** With the digits the model was made from, little moves; inverted, nearly everything does. */
const MOVED_BEFORE_MAX = 0.35;
const MOVED_AFTER_MIN = 0.8;
const REQUESTS_FOR_SHAPE = 400;

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
  /** Once aborted, every process is ended and the story rejects with its reason. */
  readonly signal: AbortSignal;
}

export interface Narrator {
  readonly step: (title: string) => void;
  readonly line: (text: string) => void;
}

/** The main job from one end to the other, on real processes, a real model and real digits. */
export async function tellStory(options: StoryOptions): Promise<StoryResult> {
  const { say, folder, signal } = options;
  say.step("What each version answers offline, to compare with later");
  say.line(`${options.digits.length} digits, as they are and inverted, in the bare runtime`);
  const expected = {
    plain: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits),
    inverted: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits.map(inverted)),
  };
  say.step("A controller and three devices");
  signal.throwIfAborted();
  const fleet = await startFleet({ folder, deviceIds: DEVICE_IDS, say: say.line, signal });
  try {
    const end = Promise.race([fleet.broken, whenAborted(signal)]);
    return await liveWith(fleet, options, { expected, end });
  } finally {
    await fleet.stop();
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  });
}

async function liveWith(
  fleet: Fleet,
  options: StoryOptions,
  given: { readonly expected: ExpectedAnswers; readonly end: Promise<never> },
): Promise<StoryResult> {
  const { say } = options;
  say.step("Version 1 is published and deployed");
  await Promise.race([given.end, install(options, fleet, "1.0.0")]);
  const applications = fleet.devices.map((device) =>
    startDigitApplication({
      socketPath: device.socketPath,
      digits: options.digits,
      expected: given.expected,
      everyMs: ASK_EVERY_MS,
    }),
  );
  try {
    const refused = await Promise.race([given.end, replaceAndShift(fleet, options, applications)]);
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
  await install(options, fleet, "2.0.0");
  await steady();
  report(say, applications);

  say.step("Version 3 loads, but fails its golden cases: each device refuses it");
  const refused = await install(options, fleet, "3.0.0");
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
    minRequests: REQUESTS_FOR_SHAPE,
  });
  for (const application of applications) application.invert();
  // The windows that were open at the change hold both kinds of digits; look at the ones after them.
  await steady();
  const atMs = Date.now();
  const after = await featureSince(fleet, FEATURE, { atMs, minRequests: REQUESTS_FOR_SHAPE });
  await showDistribution(options, fleet, atMs);
  compare(say, before, after);
}

/** What an operator sees of the shift: the distributions of the last windows beside their reference. */
async function showDistribution(
  { say }: StoryOptions,
  fleet: Fleet,
  sinceMs: number,
): Promise<void> {
  // A second more is still after the shift: the windows are two seconds long, and three have passed.
  const since = `${Math.ceil((Date.now() - sinceMs) / 1_000)}s`;
  const args = ["telemetry", "show", "digits", "--since", since];
  say.line(`modelfleet ${args.join(" ")}`);
  for (const line of await fleet.show(...args)) say.line(`  ${line}`);
}

function compare(say: Narrator, before: FeatureSummary, after: FeatureSummary): void {
  const movedBefore = totalVariation(before.reference, before.current);
  const movedAfter = totalVariation(after.reference, after.current);
  say.line(`${FEATURE} before: ${describe(before, movedBefore)}`);
  say.line(`${FEATURE} after:  ${describe(after, movedAfter)}`);
  if (movedBefore <= MOVED_BEFORE_MAX && movedAfter >= MOVED_AFTER_MIN) return;
  throw new DemoError(
    "STORY",
    `expected ${FEATURE} to move from below ${MOVED_BEFORE_MAX} to above ${MOVED_AFTER_MIN}, got ${movedBefore} and ${movedAfter}`,
  );
}

function describe({ mean, referenceMean }: FeatureSummary, moved: number): string {
  const now = mean === null ? "–" : mean.toFixed(3);
  return `mean ${now} (reference ${referenceMean.toFixed(3)}), ${Math.round(moved * 100)} % of the answers in another bin`;
}

/** Publishes a version and deploys it to every device; returns the refusal codes. */
async function install(
  options: StoryOptions,
  fleet: Fleet,
  version: string,
): Promise<readonly string[]> {
  options.say.line(`modelfleet release publish examples/digits/releases/${version}`);
  await fleet.ask(Release, "release", "publish", join(options.releasesFolder, version));
  return deploy(options, fleet, version);
}

/** Deploys to every device and waits; returns the refusal codes. Every device must come to the same end. */
async function deploy(
  { say }: StoryOptions,
  fleet: Fleet,
  version: string,
): Promise<readonly string[]> {
  const args = ["deploy", `digits@${version}`, "--all", "--wait"];
  say.line(`modelfleet ${args.join(" ")}`);
  const { devices } = await fleet.ask(Deployment, ...args, "--timeout", "60s");
  const reasons = devices.map(({ code, detail }) =>
    code === null ? "" : `: ${code}: ${detail ?? ""}`,
  );
  const ends = devices.map(({ device, status }, i) => `  ${device} ${status}${reasons[i] ?? ""}`);
  for (const end of ends) say.line(end);
  const wanted = version === "3.0.0" ? "refused" : "confirmed";
  const count = devices.filter(({ status }) => status === wanted).length;
  if (count !== fleet.devices.length || count !== devices.length) {
    const expected = `expected ${fleet.devices.length} devices ${wanted} for ${version}`;
    throw new DemoError("STORY", `${expected}, got:\n${ends.join("\n")}`);
  }
  return [...new Set(devices.flatMap(({ code }) => code ?? []))];
}

/** What each device answered since the last report, in its version's own words: the totals come at the end. */
function report(say: Narrator, applications: readonly DigitApplication[]): void {
  for (const [index, application] of applications.entries()) {
    const { correct, answered } = application.sinceLast();
    const counts = application.counts();
    const accuracy = answered === 0 ? 0 : correct / answered;
    say.line(
      `  ${DEVICE_IDS[index] ?? "?"} version ${counts.version ?? "none"}, ${answered} answers, ${Math.round(accuracy * 100)} % right; in all ${counts.failed} failed, ${counts.mismatched} mismatched, slowest ${counts.slowestMs.toFixed(0)} ms`,
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
