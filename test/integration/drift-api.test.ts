import { type Alert, AlertDetail, AlertList, DriftAnswer, type Sha256 } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { localPrincipal, type Principal } from "../../controller/src/domain/access/principal.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { smallUpload } from "../support/controller/upload.ts";
import { type DriftServer, startDriftServer } from "../support/drift/drift-server.ts";
import { cellMs, driftStartMs } from "../support/drift/drift-world.ts";

let server: DriftServer;
let release: Sha256;

/**
 * Twelve devices in four halls. In the south the third number moves by 0.7 σ, and one camera there is broken; everywhere
 * else the first one moves by 0.6 σ, so that the whole fleet does.
 */
beforeAll(async () => {
  server = await startDriftServer();
  const { world } = server;
  release = await world.publish();
  const halls = ["north", "south", "east", "west"];
  const devices = [];
  for (const hall of halls) {
    for (let i = 0; i < 3; i++) {
      devices.push({ hall, device: await world.device(`${hall}-${i}`, { hall }) });
    }
  }
  for (let cell = 0; cell < 4; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    for (const { hall, device } of devices) {
      const broken = device.id === "south-2" ? 3 : 0.7;
      const shift = hall === "south" ? { feature: 2, by: broken } : { feature: 0, by: 0.6 };
      await world.send(device, [world.window(release, { startMs, items: 400, shift })]);
    }
    await world.judge(startMs);
  }
}, 30_000);
afterAll(async () => {
  expect(server.world.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const drift = async (query = "") =>
  DriftAnswer.parse(await (await server.ask(`/v1/models/vision.defects/drift${query}`)).json());
const listed = async (query = "") =>
  AlertList.parse(await (await server.ask(`/v1/alerts${query}`)).json()).alerts;
async function alertOf(cohort: string, signal: string): Promise<Alert> {
  const alert = (await listed()).find((one) => one.cohort === cohort && one.signal === signal);
  if (alert === undefined) throw new Error(`expected an alert of ${signal} in ${cohort}`);
  return alert;
}
const southAlert = () => alertOf("hall=south", "feature:noise");
const cli = async (...argv: readonly string[]) => {
  const { terminal, out, err } = recordedTerminal({ MODELFLEET_URL: server.url });
  const nowMs = server.world.clock.nowMs;
  const code = await runProgram(argv, { ...terminal, nowMs });
  return { code, out: out(), err: err() };
};

describe("the drift of a model", () => {
  test("names reference and current shares, PSI, p, threshold and its source, for each signal of each cohort", async () => {
    const { releases } = await drift();

    expect(releases).toMatchObject([{ release, version: "1.0.0", hasProfile: true }]);
    const [{ cohorts, culprits }] = releases as [(typeof releases)[0]];
    expect(cohorts.map(({ cohort, devices }) => [cohort, devices])).toEqual([
      ["fleet", 12],
      ["class=cam-v2", 12],
      ...["east", "north", "south", "west"].map((hall) => [`hall=${hall}`, 3]),
    ]);
    const south = cohorts.find(({ cohort }) => cohort === "hall=south");
    const noise = south?.verdicts.find(({ signal }) => signal === "feature:noise");
    expect(noise).toMatchObject({
      ...{ kind: "distribution", status: "BREACH", items: 1_200, basis: "window" },
      ...{ isDiscovery: true, threshold: { warn: 0.1, alert: 0.25, source: "default" } },
    });
    if (noise?.kind !== "distribution") throw new Error("expected a distribution");
    expect(noise.bins).toHaveLength(12);
    for (const shares of [noise.reference, noise.current]) {
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    }
    expect(culprits[0]).toMatchObject({ cohort: "hall=south", signal: "feature:noise" });
  });

  test("is that of one cohort, one version or a time, where somebody asks for it", async () => {
    const [only] = (await drift("?cohort=hall%3Dnorth")).releases;
    expect(only?.cohorts.map(({ cohort }) => cohort)).toEqual(["hall=north"]);
    const [later] = (await drift(`?sinceMs=${driftStartMs + 4 * cellMs}`)).releases;
    expect(later?.cohorts).toEqual([]);
  });

  test("of a model nobody has published is not there", async () => {
    expect((await server.ask("/v1/models/vision.unknown/drift")).status).toBe(404);
  });

  test.each([
    ["/v1/models/vision.defects/drift?version=9.9.9", "RELEASE_UNKNOWN", "1.0.0"],
    ["/v1/models/vision.unknown/drift", "MODEL_UNKNOWN", "vision.defects"],
    [
      "/v1/models/vision.defects/drift?cohort=hall%3Dupstairs",
      "COHORT_UNKNOWN",
      "fleet, class=cam-v2, hall=east",
    ],
    ["/v1/models/vision.defects/drift?cohort=nonsense", "COHORT_UNKNOWN", "hall=south"],
    ["/v1/alerts?model=vision.other", "MODEL_UNKNOWN", "vision.defects"],
    ["/v1/telemetry?model=vision.defects&version=9.9.9", "RELEASE_UNKNOWN", "1.0.0"],
    ["/v1/telemetry?version=9.9.9", "RELEASE_UNKNOWN", "1.0.0"],
    ["/v1/telemetry?model=vision.other", "MODEL_UNKNOWN", "vision.defects"],
    ["/v1/telemetry?model=vision.defects&device=cam-99", "DEVICE_UNKNOWN", "device list"],
  ])("that is asked for by a wrong name is refused with the right ones: %s", async (path, code, known) => {
    const answer = await server.ask(path);

    expect(answer.status).toBe(404);
    const problem = await answer.text();
    expect(JSON.parse(problem)).toMatchObject({ code });
    expect(problem).toContain(known);
  });

  test("is seen only of the cohorts that lie within one's grant", async () => {
    const grants = [{ role: "viewer" as const, models: ["*"], labels: { hall: "north" } }];
    const viewer: Principal = { kind: "api-key", id: "key:1", grants };
    const { useCases } = server.world.app;

    const { releases } = await useCases.showDrift.run("vision.defects" as never, {}, viewer);
    expect(releases[0]?.cohorts.map(({ cohort }) => cohort)).toEqual(["hall=north"]);
    const { alerts } = await useCases.listAlerts.run({}, viewer);
    expect(new Set(alerts.map(({ cohort }) => cohort))).toEqual(new Set(["hall=north"]));
    const { id } = await southAlert();
    await expect(useCases.showAlert.run(id, viewer)).rejects.toMatchObject({
      code: "ALERT_UNKNOWN",
    });
    const south = { cohort: "hall=south" };
    const foreign = useCases.showDrift.run("vision.defects" as never, south, viewer);
    await expect(foreign).rejects.toThrow("expected a cohort of vision.defects (hall=north), got");
  });
});

describe("an alert", () => {
  test("rests on a verdict, names where the drift comes from, and tells the broken camera from its peers", async () => {
    const { id } = await southAlert();
    const detail = AlertDetail.parse(await (await server.ask(`/v1/alerts/${id}`)).json());

    expect(detail).toMatchObject({ signal: "feature:noise", model: "vision.defects" });
    const fired = detail.changes.find(({ notice }) => notice === "fired");
    expect(fired).toMatchObject({
      evidence: { kind: "distribution", signal: "feature:noise", cohort: "hall=south" },
    });
    expect(fired?.culprits[0]).toMatchObject({ cohort: "hall=south", signal: "feature:noise" });
    expect(fired?.devices[0]).toMatchObject({ device: "south-2" });
  });

  test("of a hall is not told while the fleet's says it, and stands in the record", async () => {
    const fleet = await alertOf("fleet", "feature:brightness");
    const north = await alertOf("hall=north", "feature:brightness");

    expect(fleet).toMatchObject({ state: "FIRING", suppression: null });
    expect(north).toMatchObject({ state: "SUPPRESSED", suppression: "parent" });
  });

  test("is listed by state and model, and page after page", async () => {
    const all = await listed();
    const firing = all.filter(({ state }) => state === "FIRING");
    expect(firing.length).toBeGreaterThan(0);
    expect(firing.length).toBeLessThan(all.length);
    expect(await listed("?state=FIRING")).toEqual(firing);
    const pages: string[] = [];
    for (let path: string | undefined = "/v1/alerts?limit=1"; path !== undefined; ) {
      const answer = await server.ask(path);
      pages.push(...AlertList.parse(await answer.json()).alerts.map(({ id }) => id));
      path = /<([^>]*)>/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    expect(pages).toEqual(all.map(({ id }) => id));
    expect((await server.ask("/v1/alerts?state=LOUD")).status).toBe(400);
  });

  test("is taken once, under the version that was seen, and written down", async () => {
    const before = await southAlert();
    const ack = (headers: Record<string, string>) =>
      server.ask(`/v1/alerts/${before.id}:ack`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ note: "new lamp" }),
      });

    expect((await ack({ "if-match": `"${before.version + 1}"` })).status).toBe(412);
    const taken = await ack({ "if-match": `"${before.version}"` });
    expect(taken.status).toBe(200);
    expect(taken.headers.get("etag")).toBe(`"${before.version + 1}"`);
    expect(await taken.json()).toMatchObject({ state: "ACKED", ackedBy: "local" });
    // Again changes nothing: it is theirs.
    expect(await (await ack({})).json()).toMatchObject({ version: before.version + 1 });

    const { audit } = server.world.stores;
    const entries = await audit.pageOf(`alert:${before.id}`, 0, 10);
    expect(entries.map(({ action }) => action)).toEqual(["alert.fired", "alert.acked"]);
    const detail = AlertDetail.parse(await (await server.ask(`/v1/alerts/${before.id}`)).json());
    expect(detail.changes.at(-1)).toMatchObject({ by: "local", note: "new lamp", to: "ACKED" });
  });

  test("that was never there is nobody's to take", async () => {
    const ack = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    expect((await server.ask("/v1/alerts/ffffffffffffffffffffffff:ack", ack)).status).toBe(404);
  });
});

describe("the command line", () => {
  test("shows reference beside now, PSI, threshold and a verdict in words", async () => {
    const { code, out } = await cli("drift", "show", "vision.defects", "--cohort", "hall=south");

    expect(code).toBe(0);
    expect(out).toContain("hall=south  3 devices");
    expect(out).toMatch(
      /feature:noise +BREACH .*unlike its reference: PSI [\d.]+, threshold 0.1 default/,
    );
    expect(out).toMatch(/feature:tilt +OK .*as its reference/);
    expect(out).toContain("moved most: feature:noise in hall=south");
  });

  test("shows a feature bin by bin, with bars", async () => {
    const { code, out } = await cli(
      "drift",
      "show",
      "vision.defects",
      "--feature",
      "noise",
      "--cohort",
      "hall=south",
    );

    expect(code).toBe(0);
    expect(out).toContain("feature:noise  BREACH:");
    expect(
      out.split("\n").filter((line) => line.includes("█") && line.includes(" %")),
    ).toHaveLength(10);
  });

  test("leaves out a class that all devices are of, and names it", async () => {
    const { out } = await cli("drift", "show", "vision.defects");
    const asked = await cli("drift", "show", "vision.defects", "--cohort", "class=cam-v2");

    expect(out).toContain("class=cam-v2 is the whole fleet, as above (--cohort shows one)");
    expect(out).not.toContain("class=cam-v2  12 devices");
    expect(asked.out).toContain("class=cam-v2  12 devices");
  });

  test("ends with 3 where there is no such version, cohort or model", async () => {
    const of = ["vision.defects", "--release", "9.9.9"];
    expect(await cli("drift", "show", ...of)).toMatchObject({ code: 3 });
    expect(await cli("telemetry", "show", ...of)).toMatchObject({ code: 3 });
    expect(await cli("alert", "list", "--model", "vision.other")).toMatchObject({ code: 3 });
    const cohort = await cli("drift", "show", "vision.defects", "--cohort", "hall=attic");
    expect(cohort).toMatchObject({ code: 3 });
    expect(cohort.err).toContain("expected a cohort of vision.defects (fleet, class=cam-v2,");
  });

  test("takes an alert that is suppressed and says that nobody is told of it", async () => {
    const { id } = await alertOf("hall=east", "feature:brightness");

    const { code, out } = await cli("alert", "ack", id);

    expect(code).toBe(0);
    expect(out).toContain("SUPPRESSED (parent): yours; it stays suppressed");
  });

  test("says which features there are to who asks for another, and which models", async () => {
    const { code, err } = await cli("drift", "show", "vision.defects", "--feature", "weight");
    expect(code).toBe(2);
    expect(err).toContain("feature:brightness");
    expect(await cli("drift", "show", "vision.unknown")).toMatchObject({ code: 3 });
  });

  test("says that a release has no reference also before its first window", async () => {
    const upload = smallUpload({ model: "vision.bare" });
    await server.world.app.useCases.publishRelease.run(upload, localPrincipal);
    const { out } = await cli("drift", "show", "vision.bare");
    expect(out).toContain("vision.bare@1.0.0  has no reference profile");
  });

  test("lists, shows and takes alerts", async () => {
    const { id } = await southAlert();

    const list = await cli("alert", "list", "--model", "vision.defects");
    expect(list.out).toContain("feature:noise");
    const states = list.out.match(/\b(FIRING|ACKED|SUPPRESSED)\b/g) ?? [];
    expect(states.join(" ")).toMatch(/^(FIRING )+(ACKED )+SUPPRESSED( SUPPRESSED)*$/);
    const shown = await cli("alert", "show", id);
    expect(shown.out).toContain("cohort    hall=south");
    expect(shown.out).toContain("moved most feature:noise in hall=south");
    expect(shown.out).toMatch(/unlike their peers: south-2 \(PSI [\d.]+\)/);
    const again = await cli("alert", "ack", id, "--note", "again");
    expect(again).toMatchObject({ code: 0 });
    expect(again.out).toMatch(
      /ACKED \(local\): it was yours already; nothing has changed, and the note was not/,
    );
    expect(await cli("alert", "show", "nothing")).toMatchObject({ code: 3 });
    expect(JSON.parse((await cli("alert", "list", "--json")).out)).toHaveProperty("alerts");
  });
});
