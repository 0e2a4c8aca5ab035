import { join } from "node:path";
import { Deployment, Release } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import {
  type DigitApplication,
  type ExpectedAnswers,
  startDigitApplication,
} from "./digit-application.ts";
import { type Digit, stained } from "./digits.ts";
import { type DriftFound, driftAct } from "./drift-act.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { offlineAnswers } from "./offline-answers.ts";

const VERSIONS = ["1.0.0", "2.0.0", "3.0.0"] as const;
const ASK_EVERY_MS = 10;
const STEADY_MS = 3_000;
/** Two cameras in the north and one in the south, which will see less. */
const DEVICES = [
  { id: "demo-1", site: "north" },
  { id: "demo-2", site: "north" },
  { id: "demo-3", site: "south" },
] as const;
const DIRTY = "south";

/** What really happened; the demo fails when it is not what the story says. */
export interface StoryResult {
  readonly answered: number;
  readonly failed: number;
  readonly mismatched: number;
  readonly swaps: number;
  readonly refused: readonly string[];
  readonly devices: number;
  readonly drift: DriftFound;
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
  say.line(
    `${options.digits.length} digits, as they are and through dirt on the lens, in the bare runtime`,
  );
  const expected = {
    plain: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits),
    stained: await offlineAnswers(options.releasesFolder, VERSIONS, options.digits.map(stained)),
  };
  say.step("A controller and three devices");
  signal.throwIfAborted();
  const fleet = await startFleet({ folder, devices: DEVICES, say: say.line, signal });
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
    const told = await Promise.race([given.end, replaceAndDrift(fleet, options, applications)]);
    await stopAll(applications);
    return { ...total(applications), ...told, devices: fleet.devices.length };
  } finally {
    await stopAll(applications);
  }
}

/** Versions 2, 3 and 1 again, under load; then a camera that gets dirty. Returns the refusal codes of version 3 too. */
async function replaceAndDrift(
  fleet: Fleet,
  options: StoryOptions,
  applications: readonly DigitApplication[],
): Promise<Pick<StoryResult, "refused" | "drift">> {
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

  say.step(
    `The lens in the ${DIRTY} gets dirty: the model still answers, but the controller sees it`,
  );
  const drift = await driftAct({
    fleet,
    say: say.line,
    cohort: `site=${DIRTY}`,
    applications: applications.filter((_, index) => DEVICES[index]?.site === DIRTY),
  });
  report(say, applications);
  return { refused, drift };
}

async function stopAll(applications: readonly DigitApplication[]): Promise<void> {
  await Promise.all(applications.map((application) => application.stop()));
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
      `  ${DEVICES[index]?.id ?? "?"} version ${counts.version ?? "none"}, ${answered} answers, ${Math.round(accuracy * 100)} % right; in all ${counts.failed} failed, ${counts.mismatched} mismatched, slowest ${counts.slowestMs.toFixed(0)} ms`,
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
