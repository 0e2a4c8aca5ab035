import { setTimeout as wait } from "node:timers/promises";
import type { Sha256 } from "@modelfleet/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const terminal = ["confirmed", "refused", "rolled-back"];

test("S30: a second order during the golden cases of the first: the last one wins, and the first leaves nothing behind", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const proves = Promise.withResolvers<undefined>();
  rig.host.pauses.set("2.0.0", proves.promise);
  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.host.loads.includes("2.0.0"));

  const third = rig.publish("3.0.0");
  rig.want(third);
  proves.resolve(undefined);
  await eventually(() => rig.slot()?.active?.release === third);

  expect(rig.steps()).not.toContain("2.0.0 activated");
  expect(rig.slot()?.trial).toBeNull();
  await eventually(() => expect(running(rig)).toEqual(["3.0.0"]));
});

test("S30: an order that comes while the next step is planned is followed before that step begins", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  const goesOn = Promise.withResolvers<undefined>();
  // The facts are read for the plan of a load once there is a trial.
  rig.device.read = () => (rig.slot()?.trial === null ? Promise.resolve() : goesOn.promise);
  rig.want(rig.publish("2.0.0"));
  await eventually(() => rig.slot()?.trial !== null);

  rig.want(first);
  goesOn.resolve(undefined);
  await eventually(() => rig.slot()?.trial === null);

  expect(rig.host.loads).toEqual(["1.0.0"]);
});

/** `0`: good. `1`: fails its golden cases. `2`: is held in them until all is ordered. */
const kinds = [0, 1, 2, 0] as const;
type Command = { readonly release: number; readonly until: "nothing" | "loading" | "activated" };

const commands = fc.array(
  fc.record<Command>({
    release: fc.nat({ max: kinds.length - 1 }),
    until: fc.constantFrom("nothing", "loading", "activated"),
  }),
  { minLength: 2, maxLength: 5 },
);

test("S30: however orders overlap, the last one wins, each ends once, and every request is answered", async () => {
  // On a failure fast-check prints the seed and the shortest orders that fail.
  await fc.assert(fc.asyncProperty(commands, followsAll), { numRuns: 10, endOnFailure: true });
}, 60_000);

async function followsAll(orders: readonly Command[]): Promise<void> {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const releases = kinds.map((_, i) => rig.publish(versionOf(i)));
  const held = Promise.withResolvers<undefined>();
  for (const [i, kind] of kinds.entries()) {
    if (kind === 1) rig.host.refusals.set(versionOf(i), "GOLDEN_MISMATCH");
    if (kind === 2) rig.host.pauses.set(versionOf(i), held.promise);
  }
  await using application = askSteadily(rig);

  for (const { release, until } of orders) {
    const from = rig.reported.length;
    rig.want(releases[release] ?? raise());
    await eventually(() => hasCome(rig, { from, release, until }), { withinMs: 10_000 });
  }
  held.resolve(undefined);
  const last = releases[orders.at(-1)?.release ?? 0] ?? raise();
  await eventually(() => isSettled(rig, last), { withinMs: 10_000 });
  await eventually(() => expect(running(rig)).toEqual([rig.slot()?.active?.version]));
  const failures = await application.stop();

  expect(failures).toEqual([]);
  expect(rig.serving()?.staged.release).toBe(rig.slot()?.active?.release);
  // The end of a release is told a moment after it is committed.
  await eventually(() => episodes(rig, last).forEach(expectOneEnd));
  expect(rig.host.running.most).toBeLessThanOrEqual(2);
}

/** Steps told of one order, from its acceptance to the acceptance of the next. */
type Episode = { readonly release: Sha256; readonly steps: string[] };

/** An order for the release that is active already is told without steps, so the last episode may be of another one. */
function episodes(
  rig: InstallRig,
  last: Sha256,
): readonly (Episode & { readonly isLast: boolean })[] {
  const all: Episode[] = [];
  for (const { release, step } of rig.reported) {
    if (step === "accepted") all.push({ release, steps: [] });
    all.findLast((episode) => episode.release === release)?.steps.push(step);
  }
  return all.map((one, i) => ({ ...one, isLast: i === all.length - 1 && one.release === last }));
}

/** An order that was overtaken before its release answered ended with the acceptance of the next one. */
function expectOneEnd({ steps, isLast }: Episode & { readonly isLast: boolean }): void {
  const ends = steps.filter((step) => terminal.includes(step));
  const mustEnd = isLast || steps.includes("activated");
  expect(ends.length).toBeLessThanOrEqual(1);
  if (mustEnd) expect(ends).toHaveLength(1);
}

function isSettled(rig: InstallRig, last: Sha256): boolean {
  const isBlocked = rig.state()?.blocked.some(({ release }) => release === last) === true;
  const isActive = rig.slot()?.active?.release === last;
  return rig.slot()?.trial === null && (isActive || isBlocked);
}

/** It has come as far as was waited for, or as far as it can. */
function hasCome(
  rig: InstallRig,
  { from, release, until }: Command & { readonly from: number },
): boolean {
  if (until === "nothing") return true;
  const version = versionOf(release);
  const isThere = rig.slot()?.active?.version === version;
  const steps = rig.reported.slice(from).filter((item) => item.version === version);
  const isHeld = kinds[release] === 2 && rig.slot()?.trial?.version === version;
  const enough = steps.some(({ step }) => step === until || terminal.includes(step));
  const wanted = rig.reported.findLast((item) => item.version === version);
  const isBlocked = rig.state()?.blocked.some((held) => held.release === wanted?.release) === true;
  return isThere || isHeld || isBlocked || enough;
}

/** An application that asks for as long as it takes. */
function askSteadily(rig: InstallRig) {
  const failures: unknown[] = [];
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      await rig.infer().catch((error: unknown) => failures.push(error));
      await wait(1);
    }
  })();
  const stop = async () => {
    over.abort();
    await asking;
    return failures;
  };
  return { stop, [Symbol.asyncDispose]: () => stop().then(() => undefined) };
}

/** Versions whose runner is up. */
function running(rig: InstallRig): readonly (string | undefined)[] {
  return rig.host.models
    .filter((model) => !model.stopped())
    .map(({ staged }) => staged.document.version);
}

function versionOf(release: number): string {
  return `${release + 2}.0.0`;
}

function raise(): never {
  throw new RangeError("expected a published release");
}
