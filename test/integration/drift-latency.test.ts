import type { AlertList, Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { jsonBytes, smallUpload } from "../support/controller/upload.ts";
import { driftProfile } from "../support/drift/drift-windows.ts";
import { cellMs, type DriftWorld, driftStartMs, driftWorld } from "../support/drift/drift-world.ts";

let world: DriftWorld;
beforeEach(async () => {
  world = await driftWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

async function publish(drift: object): Promise<Sha256> {
  const upload = smallUpload(
    { version: "1.0.0", drift: { baseline: "profile.json", ...drift } },
    { "profile.json": jsonBytes(driftProfile) },
  );
  return (await world.app.useCases.publishRelease.run(upload, localPrincipal)).release.release;
}

/** Answers of 181 to 198 µs over four cells. */
async function serve(release: Sha256): Promise<AlertList["alerts"]> {
  const camera = await world.device("cam-1");
  for (let cell = 0; cell < 4; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    await world.send(camera, [world.window(release, { startMs })]);
    await world.judge(startMs);
  }
  const { alerts } = await world.app.useCases.listAlerts.run({}, localPrincipal);
  return alerts.filter(({ signal }) => signal === "latency");
}

const shown = async () =>
  (await world.app.useCases.showDrift.run("vision.defects" as never, {}, localPrincipal)).releases;
const latencyOf = (releases: Awaited<ReturnType<typeof shown>>) =>
  releases[0]?.cohorts[0]?.verdicts.find(({ signal }) => signal === "latency");

test("answers slower than the release allows fire an alert of latency", async () => {
  const alerts = await serve(await publish({ latencyMsMax: 0.1 }));

  const fleet = alerts.find(({ cohort }) => cohort === "fleet");
  expect(fleet).toMatchObject({ state: "FIRING", severity: "critical", limit: 100 });
  const releases = await shown();
  expect(releases).toMatchObject([{ latencyMsMax: 0.1 }]);
  expect(latencyOf(releases)).toMatchObject({ status: "BREACH", limit: 100 });
});

test("answers within it do not, and without a limit latency is not judged", async () => {
  expect(await serve(await publish({ latencyMsMax: 0.2 }))).toEqual([]);
  expect(latencyOf(await shown())).toMatchObject({ status: "OK", limit: 200 });

  await world[Symbol.asyncDispose]();
  world = await driftWorld();
  expect(await serve(await publish({}))).toEqual([]);
  const releases = await shown();
  expect(releases).toMatchObject([{ latencyMsMax: null }]);
  expect(latencyOf(releases)).toBeUndefined();
});

test.each([0, -1, 600_001, "fast"])("a limit of %j is refused", async (latencyMsMax) => {
  await expect(publish({ latencyMsMax })).rejects.toThrow("/drift/latencyMsMax: expected a number");
});
