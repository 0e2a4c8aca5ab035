import { formatTimestamp, type Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openDataFolder } from "../../agent/src/open-data-folder.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { enrolledFolder } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { fixtureTimes } from "../support/trust-fixtures.ts";

const silent = () => undefined;
const quiet = { info: silent, warn: silent, error: silent };
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const after = (ms: number) => formatTimestamp(fixtureTimes.issuedAtMs + ms);
const isActive = (rig: InstallRig, release: Sha256) =>
  eventually(() => rig.slot()?.active?.release === release);
const isRefused = (rig: InstallRig, code: string) => eventually(() => rig.refused.includes(code));
const answeredBy = async (rig: InstallRig) => (await rig.infer()).model.staged.release;

test.each([
  ["document", 8 * DAY_MS, {}],
  ["root", YEAR_MS, { issuedAt: after(YEAR_MS - DAY_MS), expires: after(YEAR_MS + DAY_MS) }],
  ["document and an expired root", YEAR_MS, {}],
])("F19: an expired %s is refused, and inference goes on", async (_, laterMs, life) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const first = await confirmed(rig, "1.0.0");
  rig.hello.nonce = null;
  rig.time.nowMs += laterMs;
  const before = rig.state();

  rig.want(rig.publish("2.0.0"), { nonce: undefined, ...life });
  await isRefused(rig, "EXPIRED");

  expect(rig.state()).toEqual(before);
  expect(rig.source.rootsAsked).toEqual([2]);
  expect(await answeredBy(rig)).toBe(first);
});

test.each([
  ["1970", 0],
  ["2099", Date.parse("2099-01-01T00:00:00Z")],
])("F20: with a clock in %s only an answer to the device's own hello is followed, and it is", async (_, nowMs) => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  rig.time.nowMs = nowMs;
  const second = rig.publish("2.0.0");

  rig.want(second, { nonce: undefined });
  await isRefused(rig, "NOT_FRESH");
  rig.want(second);
  await isActive(rig, second);

  expect(rig.hellos).toEqual(["needed"]);
});

test("F20: a clock that jumps back two years in mid-install stops neither that install nor the next fresh word", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const goOn = rig.source.holdDownloads();
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.time.nowMs -= 2 * YEAR_MS;
  goOn();
  await isActive(rig, second);
  const third = rig.publish("3.0.0");
  rig.want(third);

  await isActive(rig, third);
});

test("F21: an order that expires during its download is completed", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  const goOn = rig.source.holdDownloads();
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => rig.steps().includes("2.0.0 downloading"));

  rig.time.nowMs += 30 * DAY_MS;
  goOn();

  await isActive(rig, second);
});

test("F22: the same document replayed for 30 days makes the device stale at 14, and its model runs", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  const release = rig.publish("1.0.0");
  await rig.start();
  const replayed = rig.want(release);
  await isActive(rig, release);
  const stale: boolean[] = [];

  for (let day = 1; day <= 30; day += 1) {
    rig.time.uptimeMs += DAY_MS;
    rig.deliver(replayed);
    stale.push(rig.watch.isStale());
  }
  const answered = await answeredBy(rig);
  rig.want(release);
  await eventually(() => !rig.watch.isStale());

  expect(stale.indexOf(true) + 1).toBe(14);
  expect(stale.slice(13)).not.toContain(false);
  expect(answered).toBe(release);
});

test("a document that answers no hello is followed, and makes nothing fresh", async () => {
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path });
  await confirmed(rig, "1.0.0");
  rig.time.uptimeMs += 14 * DAY_MS;
  const second = rig.publish("2.0.0");

  rig.want(second, { nonce: undefined });
  await isActive(rig, second);

  expect(rig.watch.condition()).toEqual({ stale: true });
});

test.each([
  ["a day after the root was made", DAY_MS, DAY_MS],
  ["a day before", -DAY_MS, 0],
])("it is not earlier than the day the agent was built: %s", async (_, builtMs, floorMs) => {
  await using folder = await temporaryFolder();
  const urls = { controllerUrl: "http://127.0.0.1:1", brokerUrl: "mqtt://127.0.0.1:1" };
  await enrolledFolder(folder.path, urls);

  const builtAtMs = fixtureTimes.issuedAtMs + builtMs;
  const opened = await openDataFolder(folder.path, { log: quiet, builtAtMs });
  await opened.release();

  expect(opened.record.current().timeFloorMs).toBe(fixtureTimes.issuedAtMs + floorMs);
});
