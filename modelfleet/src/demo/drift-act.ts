import {
  type Alert,
  AlertDetail,
  AlertList,
  type DriftCulprit,
  demoLimits,
} from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import type { DigitApplication } from "./digit-application.ts";
import { DRIFT_CELL_MS } from "./drift-cell.ts";
import type { Fleet } from "./fleet.ts";

/** An alert may take so many cells from the one in which the lens got dirty. */
const CELLS_MAX = 4;
/** The stain covers what this feature looks at, and nothing else. */
const FEATURE = "ink.band5";

/** What the first alert said. */
export interface DriftFound {
  readonly cohort: string;
  readonly signal: string;
  /** From the cell in which the lens got dirty, which is 0. */
  readonly cells: number;
}

export interface DriftAct {
  readonly fleet: Fleet;
  readonly say: (line: string) => void;
  /** Label of the place whose camera gets dirty, `site=south`. */
  readonly cohort: string;
  readonly applications: readonly DigitApplication[];
}

/**
 * The lens at one place gets dirty. The controller must say so by itself: where, and in what, within `CELLS_MAX` cells;
 * and nothing before.
 *
 * @throws DemoError STORY, TIMEOUT
 */
export async function driftAct(act: DriftAct): Promise<DriftFound> {
  const { fleet, say, applications } = act;
  await expectNoAlert(fleet);
  const dirtyAtMs = Date.now();
  for (const application of applications) application.stain();
  const alert = await firstAlert(fleet);
  const found = await examine(act, alert, dirtyAtMs);
  const only = ["--cohort", act.cohort, "--feature", FEATURE];
  for (const args of [
    ["alert", "show", alert.id],
    [...["drift", "show", "digits", "--release", alert.modelVersion], ...only],
  ]) {
    say(`modelfleet ${args.join(" ")}`);
    for (const line of await fleet.show(...args)) say(`  ${line}`);
  }
  return found;
}

async function expectNoAlert(fleet: Fleet): Promise<void> {
  const alert = (await alertsOf(fleet)).find(({ state }) => state === "FIRING");
  if (alert === undefined) return;
  const { cohort, signal, state } = alert;
  throw new DemoError("STORY", `expected no alert before, got ${state} of ${signal} in ${cohort}`);
}

/** Of those that fire first, the one that is furthest above its limit. */
async function firstAlert(fleet: Fleet): Promise<Alert> {
  const { alertAttemptsMax, alertPollMs } = demoLimits;
  for (let attempt = 0; attempt < alertAttemptsMax; attempt += 1) {
    const firing = (await alertsOf(fleet)).filter(({ state }) => state === "FIRING");
    const [worst] = firing.toSorted((left, right) => excess(right) - excess(left));
    if (worst !== undefined) return worst;
    await new Promise((resolve) => setTimeout(resolve, alertPollMs));
  }
  const waitedS = (alertAttemptsMax * alertPollMs) / 1_000;
  throw new DemoError("TIMEOUT", `expected a drift alert within ${waitedS} s, got none`);
}

function excess({ value, limit }: Alert): number {
  return value === null || limit === null ? 0 : value / limit;
}

async function alertsOf(fleet: Fleet): Promise<readonly Alert[]> {
  return (await fleet.ask(AlertList, "alert", "list", "--model", "digits")).alerts;
}

/** Whether it names the right place and feature, in time, and nothing was said of a time before. */
async function examine(
  { fleet, say, cohort }: DriftAct,
  alert: Alert,
  dirtyAtMs: number,
): Promise<DriftFound> {
  const { changes } = await fleet.ask(AlertDetail, "alert", "show", alert.id);
  const fired = changes.find(({ to }) => to === "FIRING");
  const [culprit] = fired?.culprits ?? [];
  if (fired === undefined || culprit === undefined) {
    throw new DemoError("STORY", `expected alert ${alert.id} to say why it fires`);
  }
  const dirtyCellMs = Math.floor(dirtyAtMs / DRIFT_CELL_MS) * DRIFT_CELL_MS;
  const cells = Math.round((fired.atMs - dirtyCellMs) / DRIFT_CELL_MS);
  say(sentence(culprit, cells));
  const isRight = culprit.cohort === cohort && culprit.signal === `feature:${FEATURE}`;
  if (isRight && cells <= CELLS_MAX) {
    await expectNoneBefore(fleet, dirtyCellMs);
    return { cohort: culprit.cohort, signal: culprit.signal, cells };
  }
  const expected = `expected feature:${FEATURE} in ${cohort} within ${CELLS_MAX} windows`;
  throw new DemoError("STORY", `${expected}, got: ${sentence(culprit, cells)}`);
}

/** Of what had been measured before and was judged after: a single excess may be chance, and nobody is told of it. */
async function expectNoneBefore(fleet: Fleet, dirtyCellMs: number): Promise<void> {
  for (const { id, signal, cohort, startedAtMs } of await alertsOf(fleet)) {
    if (startedAtMs >= dirtyCellMs) continue;
    const { changes } = await fleet.ask(AlertDetail, "alert", "show", id);
    const told = changes.find(({ notice, atMs }) => notice !== null && atMs < dirtyCellMs);
    if (told === undefined) continue;
    const cells = (dirtyCellMs - told.atMs) / DRIFT_CELL_MS;
    const early = `expected nothing to be told of a time before, got ${signal} in ${cohort}`;
    throw new DemoError("STORY", `${early}, ${cells} windows before`);
  }
}

function sentence({ signal, cohort, psi }: DriftCulprit, cells: number): string {
  return `the alert names ${signal} in ${cohort} (PSI ${psi.toFixed(2)}), ${cells} windows after the lens got dirty`;
}
