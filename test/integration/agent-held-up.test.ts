import { formatTimestamp } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** A device whose people and orders say when a release may begin to serve; wall time stands still unless a test moves it. */
let folder: TemporaryFolder;
let rig: InstallRig;
let api: ApiFixture;
beforeEach(async () => {
  folder = await temporaryFolder();
  rig = installRig({ folder: folder.path });
  api = await apiFixture({ holds: rig.deferrals, locks: rig.locks, hasSlot: () => true });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const hourMs = 3_600_000;
const lockPath = "/v2/modelfleet/lock";

/** From so many hours from now, an hour each. */
function windowsIn(...hours: readonly number[]) {
  const at = (hour: number) => formatTimestamp(rig.time.nowMs + hour * hourMs);
  return { windows: hours.map((hour) => [at(hour), at(hour + 1)]) };
}

function order(version: string, changes: object = {}, document: object = {}) {
  const release = rig.publish(version, document);
  orderAgain(release, changes);
  return release;
}

function orderAgain(release: ReturnType<typeof rig.publish>, changes: object = {}) {
  const size = rig.source.releases.get(release)?.length;
  const model = { slot: "main", model: "digits", release, size, activate: "now" };
  rig.want(release, { models: [{ ...model, ...changes }] });
}

const waits = () =>
  rig.reported.filter(({ step }) => step === "waiting").map(({ detail }) => detail);
const active = () => rig.slot()?.active?.release;
const stepsOf = (version: string) =>
  rig.steps().flatMap((step) => (step.startsWith(version) ? [step.slice(version.length + 1)] : []));

/** The wall clock goes on, and the agent, which looks now and then, looks. */
function pass(ms: number): void {
  rig.time.nowMs += ms;
  rig.look();
}

test("a release with windows is fetched and proven at once, and begins to serve as its window opens", async () => {
  const first = await confirmed(rig, "1.0.0");
  const second = order("2.0.0", { activate: windowsIn(2) });
  await eventually(() => expect(waits()).toEqual(["window"]));
  const [loads, told] = [[...rig.host.loads], rig.reported.at(-1)];
  pass(2 * hourMs - 1);
  await eventually(() => rig.serving()?.staged.release === first);
  const before = stepsOf("2.0.0");

  pass(1);
  await eventually(() => active() === second);

  expect(loads).toEqual(["1.0.0", "2.0.0"]);
  expect(told).toMatchObject({ step: "waiting", durationMs: 2 * hourMs });
  expect(before).toEqual(["accepted", "downloading", "downloaded", "loading", "golden", "waiting"]);
  expect(stepsOf("2.0.0").slice(before.length)).toEqual(["activated", "confirmed"]);
  expect(rig.host.loads).toEqual(loads);
});

test("a window that has closed opens nothing; the next one does", async () => {
  await confirmed(rig, "1.0.0");
  await rig.locks.lock("measuring");
  const second = order("2.0.0", { activate: windowsIn(0, 24) });
  await eventually(() => expect(waits()).toEqual(["lock"]));
  rig.time.nowMs += hourMs;

  await rig.locks.unlock();
  await eventually(() => expect(waits()).toEqual(["lock", "window"]));
  const isHeld = active() !== second;
  pass(23 * hourMs);

  await eventually(() => active() === second);
  expect(isHeld).toBe(true);
});

test("when its windows have all passed, a release waits for a new order, asks for it once, and follows it", async () => {
  await confirmed(rig, "1.0.0");
  await rig.locks.lock("measuring");
  const second = order("2.0.0", { activate: windowsIn(0) });
  await eventually(() => expect(waits()).toEqual(["lock"]));
  rig.time.nowMs += hourMs;
  await rig.locks.unlock();
  await eventually(() => expect(waits().at(-1)).toBe("window; all of this order's are over"));
  const asked = rig.hellos.filter((hello) => hello === "asked");

  orderAgain(second, { activate: windowsIn(1) });
  await eventually(() => expect(waits()).toHaveLength(3));
  pass(hourMs);

  await eventually(() => active() === second);
  expect(asked).toEqual(["asked"]);
  expect(waits().at(-1)).toBe("window");
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
});

test("a clock that is behind what the device knows opens no window before it is set, and an order for now is followed", async () => {
  await confirmed(rig, "1.0.0");
  const today = rig.time.nowMs;
  const activate = windowsIn(0);
  rig.time.nowMs = today - 400 * 24 * hourMs;
  const inWindow = order("2.0.0", { activate });
  await eventually(() => expect(waits()).toEqual([expect.stringMatching(/^window; the clock/)]));
  const isHeld = active() !== inWindow;

  const now = order("3.0.0");
  await eventually(() => active() === now);
  orderAgain(inWindow, { activate });
  await eventually(() => expect(waits()).toHaveLength(2));
  rig.time.nowMs = today;
  rig.look();

  await eventually(() => active() === inWindow);
  expect(isHeld).toBe(true);
});

test("a lock holds a release up that is fetched and proven meanwhile, also over a kill of the agent, and not the way back", async () => {
  const first = await confirmed(rig, "1.0.0");
  await api.ask({ path: lockPath, method: "PUT", body: { reason: "measuring" } });
  const second = order("2.0.0");
  await eventually(() => expect(waits()).toEqual(["lock"]));
  rig.kill();
  await rig.start();
  await eventually(() => expect(waits()).toEqual(["lock", "lock"]));
  const served = rig.serving()?.staged.release;
  const kept = (await api.ask({ path: lockPath })).json();

  await api.ask({ path: lockPath, method: "DELETE" });
  rig.rules.confirmMs = 20_000;
  await eventually(() => rig.serving()?.staged.release === second);
  await api.ask({ path: lockPath, method: "PUT" });
  rig.host.modelOf("2.0.0")?.crash();

  await eventually(() => rig.serving()?.staged.release === first);
  expect(served).toBe(first);
  expect(kept).toMatchObject({ lock: { reason: "measuring" } });
});

test("a first release waits for its window too, and a restart of what is confirmed does not", async () => {
  await rig.start();
  const first = order("1.0.0", { activate: windowsIn(1) });
  await eventually(() => expect(waits()).toEqual(["window"]));
  const before = rig.serving();
  pass(hourMs);
  await eventually(() => active() === first);
  rig.time.nowMs += hourMs;
  await rig.locks.lock("measuring");
  await rig.stop();

  await rig.start();

  await eventually(() => rig.serving()?.staged.release === first);
  expect(before).toBeUndefined();
});

test("a swap in place stops nothing before its window", async () => {
  rig.host.taking.modelMiB = 100;
  rig.device.memoryAvailableMiB = 64 + 140;
  await confirmed(rig, "1.0.0");
  const changes = { changes: { swap: { memory: "resource" } } };
  const second = order("2.0.0", { activate: windowsIn(1) }, changes);
  await eventually(() => expect(waits()).toEqual(["window"]));
  const [isRunning, loads] = [rig.host.modelOf("1.0.0")?.stopped() === false, [...rig.host.loads]];

  pass(hourMs);

  await eventually(() => active() === second);
  expect(isRunning).toBe(true);
  expect(loads).toEqual(["1.0.0"]);
});

test("a release that waits is denied over the local API: refused, not tried again, and tried with a higher attempt", async () => {
  const first = await confirmed(rig, "1.0.0");
  await rig.locks.lock("measuring");
  const second = order("2.0.0");
  await eventually(() => expect(waits()).toEqual(["lock"]));
  const { waiting } = rig.deferrals.status("main" as never);
  const body = { release: waiting?.release, reason: "not before the harvest" };

  const reply = await api.ask({ path: "/v2/modelfleet/slots/main/deny", body });
  const blocked = rig.state()?.blocked;
  await rig.locks.unlock();
  await rig.stop();
  await rig.start();
  orderAgain(second, { activate: windowsIn(0) });
  await eventually(() => expect(rig.held).toHaveLength(3));
  await eventually(() => rig.serving()?.staged.release === first);
  const loads = [...rig.host.loads];
  orderAgain(second, { attempt: 2 });

  await eventually(() => active() === second);
  expect(reply.status).toBe(200);
  expect(waiting).toMatchObject({ release: second, forcedInMs: null });
  // It was on disk when the application was answered.
  expect(blocked).toMatchObject([{ release: second, code: "CONSENT_DENIED" }]);
  expect(rig.reported.find(({ step }) => step === "refused")).toMatchObject({
    ...{ release: second, code: "CONSENT_DENIED", detail: "not before the harvest" },
  });
  expect(loads).toEqual(["1.0.0", "2.0.0", "1.0.0"]);
});

test("a release that an application puts off can be denied; the one that serves cannot", async () => {
  const first = await confirmed(rig, "1.0.0");
  rig.deferrals.defer("main" as never, hourMs);
  const second = order("2.0.0");
  await eventually(() => rig.reported.some(({ step }) => step === "deferred"));
  const path = "/v2/modelfleet/slots/main/deny";

  const wrong = await api.ask({ path, body: { release: first } });
  const right = await api.ask({ path, body: { release: second } });
  const again = await api.ask({ path, body: { release: second } });

  expect([wrong.status, right.status, again.status]).toEqual([404, 200, 404]);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
});

test("a higher attempt does not end one that waits: it is told again, and nothing is loaded anew", async () => {
  await confirmed(rig, "1.0.0");
  const activate = windowsIn(1);
  const second = order("2.0.0", { activate });
  await eventually(() => expect(waits()).toEqual(["window"]));

  orderAgain(second, { activate, attempt: 2 });
  await eventually(() => expect(waits()).toEqual(["window", "window"]));
  orderAgain(second, { activate, attempt: 2 });
  await eventually(() => expect(rig.held).toHaveLength(4));
  pass(hourMs);
  await eventually(() => active() === second);

  expect(waits()).toHaveLength(2);
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
});

test("an order to go back to what ran before waits for the lock, as any order does, and for no longer", async () => {
  const first = await confirmed(rig, "1.0.0");
  const second = order("2.0.0");
  await eventually(() => active() === second);
  await rig.locks.lock("measuring");

  orderAgain(first);
  await eventually(() => expect(waits()).toEqual(["lock"]));
  const served = rig.serving()?.staged.release;
  await rig.locks.unlock();

  await eventually(() => active() === first);
  expect(served).toBe(second);
});

test("a document that does not name the slot drops a release that waits there, and keeps what serves", async () => {
  const first = await confirmed(rig, "1.0.0");
  const second = order("2.0.0", { activate: windowsIn(1) });
  await eventually(() => expect(waits()).toEqual(["window"]));

  rig.want(second, { models: [] });
  await eventually(() => rig.slot()?.trial === null);
  pass(hourMs);

  await eventually(() => rig.host.modelOf("2.0.0")?.stopped() === true);
  expect(rig.serving()?.staged.release).toBe(first);
  expect(rig.state()?.blocked).toEqual([]);
});

test("a document that does not name the slot makes a release on trial give way to the confirmed one", async () => {
  const first = await confirmed(rig, "1.0.0");
  rig.rules.confirmMs = 20_000;
  const second = order("2.0.0");
  await eventually(() => rig.serving()?.staged.release === second);

  rig.want(second, { models: [] });

  await eventually(() => rig.slot()?.trial === null);
  expect(rig.serving()?.staged.release).toBe(first);
  expect(active()).toBe(first);
});
