import { rehearsalLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { DeferralStatus } from "../../agent/src/ports/deferral.ts";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** The application of a device whose slot `main` it holds, over the local API; time stands still unless a test moves it. */
let folder: TemporaryFolder;
let rig: InstallRig;
let api: ApiFixture;
beforeEach(async () => {
  folder = await temporaryFolder();
  rig = installRig({ folder: folder.path });
  api = await apiFixture({ holds: rig.deferrals, hasSlot: () => true });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const path = "/v2/modelfleet/slots/main/defer";
const hour = 3_600_000;

async function defer(recheckAfterMs: number): Promise<unknown> {
  return (await api.ask({ path, body: { recheckAfterMs } })).json();
}

const deferrals = () => rig.reported.filter(({ step }) => step === "deferred");

/** Ordered with so much room for applications to put it off. */
function order(version: string, deferMsMax?: number) {
  const release = rig.publish(version);
  orderAgain(release, deferMsMax === undefined ? {} : { deferMsMax });
  return release;
}

function orderAgain(release: ReturnType<typeof rig.publish>, changes: object = {}) {
  const size = rig.source.releases.get(release)?.length;
  const model = { slot: "main", model: "digits", release, size, activate: "now" };
  rig.want(release, { models: [{ ...model, ...changes }] });
}

test("S25: an application puts a proven release off twice; when it does not a third time, the swap proceeds, and all of it is told", async () => {
  const first = await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0");
  await eventually(() => expect(deferrals()).toHaveLength(1));
  await defer(200);
  await eventually(() => expect(deferrals()).toHaveLength(2));
  const servedMeanwhile = rig.serving()?.staged.release;

  await eventually(() => rig.slot()?.active?.release === second);

  expect(servedMeanwhile).toBe(first);
  expect(
    rig
      .steps()
      .filter((step) => step.startsWith("2.0.0"))
      .slice(4),
  ).toEqual([
    "2.0.0 golden",
    "2.0.0 deferred DEFERRED",
    "2.0.0 deferred DEFERRED",
    "2.0.0 activated",
    "2.0.0 confirmed",
  ]);
  expect(
    rig.reported.find(({ step, release }) => step === "activated" && release === second)?.detail,
  ).toMatch(/^put off by an application for \d+ ms$/);
  expect(rig.events.filter(({ event }) => event === "swap.deferred")).toHaveLength(2);
});

test("S25: the bound of the operator forces a swap, however often it is put off", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0", 60_000);
  await eventually(() => expect(deferrals()).toHaveLength(1));

  rig.time.uptimeMs += 59_000;
  const answer = await defer(hour);
  const waited = rig.serving()?.staged.document.version;
  rig.time.uptimeMs += 1_000;
  await eventually(() => rig.slot()?.active?.release === second);

  expect(waited).toBe("1.0.0");
  const { deferredMs, waiting } = answer as DeferralStatus;
  expect(waiting).toMatchObject({ release: second });
  expect(waiting?.forcedInMs).toBeLessThanOrEqual(1_000);
  // What has passed since the application was told is the test's own time.
  expect(deferredMs).toBeLessThanOrEqual(hour);
  expect(deferredMs).toBeGreaterThan(hour - 1_000);
  expect(
    rig.reported.find(({ step, release }) => step === "activated" && release === second)?.detail,
  ).toMatch(/until the bound of 60000 ms ended it$/);
});

test("a bound of zero: what an application says does not hold the swap up", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);

  const second = order("2.0.0", 0);

  await eventually(() => rig.slot()?.active?.release === second);
  expect(deferrals()).toEqual([]);
});

test("a first release, a restart and a way back are never put off", async () => {
  await rig.start();
  await defer(hour);
  const first = await confirmed(rig, "1.0.0");
  await rig.stop();
  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  await defer(hour);
  rig.rules.confirmMs = 20_000;
  const second = order("2.0.0", 60_000);
  await eventually(() => expect(deferrals()).toHaveLength(1));
  rig.time.uptimeMs += 60_000;
  await eventually(() => rig.serving()?.staged.release === second);
  await defer(hour);

  rig.host.modelOf("2.0.0")?.crash();

  await eventually(() => rig.serving()?.staged.release === first);
});

test("a swap in place is put off before anything is stopped", async () => {
  rig.host.taking.modelMiB = 100;
  rig.device.memoryAvailableMiB = 64 + 140;
  await confirmed(rig, "1.0.0");
  await defer(hour);
  const release = rig.publish("2.0.0", { changes: { swap: { memory: "resource" } } });
  rig.want(release);
  await eventually(() => expect(deferrals()).toHaveLength(1));
  const wasRunning = rig.host.modelOf("1.0.0")?.stopped() === false;

  await defer(100);

  await eventually(() => rig.slot()?.active?.release === release);
  expect(wasRunning).toBe(true);
});

test("a release that waits for an application through four restarts is not taken for one that ends the agent", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0");
  for (let restart = 1; restart <= 4; restart++) {
    await eventually(() => expect(deferrals()).toHaveLength(restart));
    await rig.stop();
    const isHeld = Promise.withResolvers<undefined>();
    rig.host.pauses.set("2.0.0", isHeld.promise);
    await rig.start();
    await defer(hour);
    isHeld.resolve(undefined);
  }
  await eventually(() => expect(deferrals()).toHaveLength(5));

  await defer(100);

  await eventually(() => rig.slot()?.active?.release === second);
});

test("another wish ends the waiting of a release that is put off", async () => {
  const first = await confirmed(rig, "1.0.0");
  await defer(hour);
  order("2.0.0");
  await eventually(() => expect(deferrals()).toHaveLength(1));

  rig.want(first);

  await eventually(() => rig.slot()?.trial === null);
  expect(rig.host.modelOf("2.0.0")?.stopped()).toBe(true);
  expect(await (await api.ask({ path })).json()).toMatchObject({ waiting: null });
});

test("a release that is put off for days, every hour anew, spends no start and no change of its trial", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0", 7 * 24 * hour);
  await eventually(() => expect(deferrals()).toHaveLength(1));
  const before = rig.state();

  for (let hours = 1; hours < 7 * 24; hours++) {
    rig.time.uptimeMs += hour - 1_000;
    await defer(hour);
  }
  await eventually(() => expect(deferrals()).toHaveLength(rehearsalLimits.deferReportsMax));

  expect(rig.state()).toBe(before);
  expect(rig.slot()?.trial).toMatchObject({ release: second, attemptsLeft: 3 });
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
});

test("a higher attempt is told that an application puts the swap off, as the first was, and nothing is loaded anew", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0");
  await eventually(() => expect(deferrals()).toHaveLength(1));

  orderAgain(second, { attempt: 2 });

  await eventually(() => expect(deferrals()).toHaveLength(2));
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
});

test("a denial holds for a higher attempt that came before it: not tried again, until a still higher one", async () => {
  const first = await confirmed(rig, "1.0.0");
  await defer(hour);
  const second = order("2.0.0");
  await eventually(() => expect(deferrals()).toHaveLength(1));
  orderAgain(second, { attempt: 2 });
  await eventually(() => expect(rig.held).toHaveLength(3));

  await rig.deferrals.deny("main" as never, second, "not before the harvest");
  await defer(100);
  orderAgain(second, { attempt: 2 });
  await eventually(() => expect(rig.held).toHaveLength(4));
  await rig.stop();
  await rig.start();
  await eventually(() => rig.serving()?.staged.release === first);
  const [slot, blocked, loads] = [rig.slot(), rig.state()?.blocked, [...rig.host.loads]];
  orderAgain(second, { attempt: 3 });

  await eventually(() => rig.slot()?.active?.release === second);
  expect(slot?.trial).toBeNull();
  expect(blocked).toMatchObject([{ release: second, code: "CONSENT_DENIED", attempt: 2 }]);
  expect(loads).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
});

test("when a lock is taken off, and put on again, what an application said is told again, and so is the lock", async () => {
  await confirmed(rig, "1.0.0");
  await defer(hour);
  order("2.0.0");
  const told = () =>
    rig.reported.flatMap(({ step }) => (["deferred", "waiting"].includes(step) ? [step] : []));
  await eventually(() => expect(told()).toEqual(["deferred"]));
  await rig.locks.lock("measuring");
  await eventually(() => expect(told()).toHaveLength(2));

  await rig.locks.unlock();
  await eventually(() => expect(told()).toHaveLength(3));
  await rig.locks.lock("measuring");
  await eventually(() => expect(told()).toHaveLength(4));

  expect(told()).toEqual(["deferred", "waiting", "deferred", "waiting"]);
});
