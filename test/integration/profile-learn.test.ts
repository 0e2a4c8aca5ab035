import { readFile } from "node:fs/promises";
import {
  AlertList,
  DriftAnswer,
  type Labels,
  LearnedProfileAnswer,
  ReferenceProfile,
  type Sha256,
  sha256,
  type TensorSpec,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { localPrincipal, type Principal } from "../../controller/src/domain/access/principal.ts";
import { learningProfile } from "../../controller/src/domain/profile/learning/learning-profile.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import type { SimulatedDevice } from "../support/controller/simulated-device.ts";
import { jsonBytes, smallUpload } from "../support/controller/upload.ts";
import { type DriftServer, startDriftServer } from "../support/drift/drift-server.ts";
import { cellMs, driftStartMs } from "../support/drift/drift-world.ts";
import { measuredWindow, normalItem } from "../support/profile/measured-window.ts";
import { seededRandom } from "../support/random.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const x: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 4] };
const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 3] };
const { profile: learning } = learningProfile({ inputs: [x], outputs: [y] });
const model = "vision.defects";
const random = seededRandom(9);

let server: DriftServer;
let folder: TemporaryFolder;
const canaries: SimulatedDevice[] = [];
let other: SimulatedDevice;
/** Cells so far; each test goes on where the one before it ended. */
let cell = 0;

interface Traffic {
  readonly release: Sha256;
  readonly reference: ReferenceProfile;
  readonly cells: number;
  readonly shift?: number;
  /** What the other device sees. */
  readonly beside?: number;
  readonly privacy?: { readonly isStrict: boolean; readonly noise: null };
}

/** What the canaries and one more device measure; and the controller judges. */
async function traffic({
  release,
  reference,
  cells,
  shift = 0,
  beside,
  privacy,
}: Traffic): Promise<void> {
  const profile = { reference, digest: sha256(jsonBytes(reference)) };
  for (const end = cell + cells; cell < end; cell++) {
    const startMs = driftStartMs + cell * cellMs;
    for (const device of [...canaries, other]) {
      const by = device === other ? (beside ?? shift) : shift;
      const items = Array.from({ length: 400 }, () => normalItem(random, by));
      const window = {
        release,
        profile,
        startMs,
        windowMs: cellMs,
        items,
        random,
        ...(privacy && { privacy }),
      };
      await server.world.send(device, [measuredWindow(window)]);
    }
    await server.world.judge(startMs);
  }
}

const cli = async (...argv: readonly string[]) => {
  const { terminal, out, err } = recordedTerminal({ MODELFLEET_URL: server.url });
  const nowMs = server.world.clock.nowMs;
  const code = await runProgram(argv, { ...terminal, nowMs });
  return { code, out: out(), err: err() };
};
const learn = (...flags: readonly string[]) =>
  cli("profile", "learn", model, "1.0.0", "--out", folder.inside("learnt.json"), ...flags);
const learnt = async () =>
  ReferenceProfile.parse(JSON.parse(await readFile(folder.inside("learnt.json"), "utf8")));

beforeAll(async () => {
  server = await startDriftServer();
  folder = await temporaryFolder();
  const canary: Labels = { site: "canary" };
  for (const id of ["c-0", "c-1", "c-2"]) canaries.push(await server.world.device(id, canary));
  other = await server.world.device("other", { site: "cellar" });
});
afterAll(async () => {
  expect(server.world.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe("a release that was published without a reference", () => {
  let release: Sha256;
  beforeAll(async () => {
    release = await server.world.publish("1.0.0", learning);
  });

  test("teaches nothing before there are windows, and says how many it takes", async () => {
    const refused = await learn("--cohort", "site=canary");
    expect(refused.code).toBe(5);
    expect(refused.err).toContain("expected 96 windows of site=canary with answers of");
    expect(refused.err).toContain("got 0 so far");
  });

  test("is not judged while it learns: no verdict, no alert, and drift show says so", async () => {
    await traffic({ release, reference: learning, cells: 6, beside: 3 });

    const answer = await server.ask(`/v1/models/${model}/drift?sinceMs=0`);
    const { releases } = DriftAnswer.parse(await answer.json());
    expect(releases).toMatchObject([{ isLearning: true, isProvisional: false, culprits: [] }]);
    expect(releases.flatMap(({ cohorts }) => cohorts.flatMap(({ verdicts }) => verdicts))).toEqual(
      [],
    );
    expect((await cli("alert", "list", "--json")).out).toContain('"alerts":[]');
    expect((await cli("drift", "show", model)).out).toContain("is learning");
    expect((await cli("telemetry", "show", model)).out).toContain("x[0]");
  });

  test.each([
    [
      "fewer windows than asked for",
      ["--cohort", "site=canary"],
      "expected 96 windows of site=canary",
    ],
    [
      "too few items",
      ["--cohort", "site=canary", "--windows", "6", "--items", "7201"],
      "expected 7201 items in 6 windows of site=canary, got 7200: ask for more windows (--windows), or for fewer items (--items, 500 at least)",
    ],
    [
      "a cohort nobody belongs to",
      ["--cohort", "site=moon", "--windows", "6"],
      "site=canary, site=cellar), got site=moon",
    ],
    ["one window", ["--cohort", "fleet", "--windows", "1"], "windows"],
  ])("teaches nothing of %s", async (_, flags, why) => {
    const refused = await learn(...flags);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain(why);
  });

  test.each([
    ["a version nobody has published", model, "9.9.9", "expected a version of vision.defects"],
    ["a model nobody has published", "vision.unknown", "1.0.0", "expected a model with a release"],
  ])("is looked for by name: not %s", async (_, name, version, why) => {
    const refused = await cli("profile", "learn", name, version, "--cohort", "fleet");
    expect(refused.code).toBe(3);
    expect(refused.err).toContain(why);
  });

  test("teaches the canaries' reference and nobody else's, from their first windows", async () => {
    const done = await learn("--cohort", "site=canary", "--windows", "6", "--items", "7200");
    expect(done.err).toBe("");
    expect(done.out).toContain("learnt from 3 devices of site=canary in 6 windows");
    const profile = await learnt();
    expect(profile).toMatchObject({ samples: 7_200, provisional: true });
    expect(profile.learned).toMatchObject({ cohort: "site=canary", devices: 3, windows: 6 });
    // The other device sees 3 standard deviations more.
    expect(profile.features[0]?.mean).toBeCloseTo(0, 1);
    expect(profile.features[0]?.counts).toHaveLength(20);
  });

  test("teaches the same once more, also when there are more windows by then", async () => {
    const flags = ["--cohort", "site=canary", "--windows", "6"];
    await learn(...flags);
    const before = await learnt();
    await traffic({ release, reference: learning, cells: 1, shift: 5, beside: 3 });
    await learn(...flags);
    expect(await learnt()).toEqual(before);
  });

  test("teaches who may see the cohort, and hides it from everybody else", async () => {
    const grants = [{ role: "viewer" as const, models: ["*"], labels: { site: "canary" } }];
    const viewer: Principal = { kind: "api-key", id: "key:1", grants };
    const { learnProfile } = server.world.app.useCases;
    const ask = (cohort: string, caller: Principal = viewer) =>
      learnProfile.run(
        { model: model as never, version: "1.0.0" as never },
        { cohort, windows: 6, items: 2_000 },
        caller,
      );

    expect((await ask("site=canary")).profile.provisional).toBe(true);
    for (const hidden of ["fleet", "site=cellar", "class=cam-v2"]) {
      const refused = ask(hidden);
      await expect(refused).rejects.toMatchObject({ code: "COHORT_UNKNOWN" });
      await expect(refused).rejects.toThrow("(site=canary), got");
    }
    const nobody = { ...viewer, grants: [{ ...grants[0], models: ["other"] }] } as Principal;
    await expect(ask("site=canary", nobody)).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  });
});

test("what was learnt pages nobody until a person has confirmed it, and then it does", async () => {
  const path = folder.inside("learnt.json");
  const provisional = await learnt();
  const second = await server.world.publish("1.1.0", provisional);
  await traffic({ release: second, reference: provisional, cells: 4, shift: 1 });
  expect(await shiftOfCanaries(second)).toMatchObject({
    state: "SUPPRESSED",
    suppression: "provisional",
  });
  expect(await firing()).toEqual([]);

  const confirmed = await cli("profile", "confirm", path, "--by", "A. Miller");
  expect(confirmed.out).toContain("confirmed by A. Miller");
  const reference = await learnt();
  const { provisional: _, learned, ...same } = provisional;
  const atMs = server.world.clock.nowMs();
  expect(reference).toEqual({
    ...same,
    learned: { ...learned, confirmed: { by: "A. Miller", atMs } },
  });
  const again = await cli("profile", "confirm", path, "--by", "B. Miller");
  expect(again).toMatchObject({ code: 1, out: "" });
  expect(again.err).toContain(
    "expected a provisional profile, got one that A. Miller has confirmed",
  );

  const third = await server.world.publish("1.2.0", reference);
  await traffic({ release: third, reference, cells: 4, shift: 1 });
  expect((await shiftOfCanaries(third))?.suppression).not.toBe("provisional");
  expect((await firing()).map(({ release, signal }) => [release, signal])).toContainEqual([
    third,
    "feature:x[0]",
  ]);
});

const alerts = async () =>
  AlertList.pick({ alerts: true }).parse(JSON.parse((await cli("alert", "list", "--json")).out))
    .alerts;
const firing = async () => (await alerts()).filter(({ state }) => state === "FIRING");
const shiftOfCanaries = async (release: Sha256) =>
  (await alerts()).find(
    (one) =>
      one.release === release && one.cohort === "site=canary" && one.signal === "feature:x[0]",
  );

test("a release that asks for nothing, or has a reference, is no release to learn from", async () => {
  await server.world.publish("2.0.0", await learnt());
  const refused = await cli("profile", "learn", model, "2.0.0", "--cohort", "fleet");
  expect(refused.code).toBe(5);
  expect(refused.err).toContain("vision.defects@2.0.0 with a reference");
});

describe("under a release that lets little out", () => {
  const publish = async (version: string, drift: object): Promise<Sha256> => {
    const upload = smallUpload(
      { version, drift: { baseline: "profile.json", ...drift } },
      { "profile.json": jsonBytes(learning) },
    );
    const { publishRelease } = server.world.app.useCases;
    return (await publishRelease.run(upload, localPrincipal)).release.release;
  };
  const learnFleet = (version: string) => {
    const out = ["--out", folder.inside("strict.json"), "--json"];
    return cli(
      ...["profile", "learn", model, version, "--cohort", "fleet", "--windows", "2"],
      ...out,
    );
  };
  const privacy = { isStrict: true, noise: null };

  test("nothing is learnt of four devices, and of five classes are, and no number", async () => {
    const four = await publish("3.0.0", { privacy: "strict" });
    await traffic({ release: four, reference: learning, cells: 2, privacy });
    const refused = await learnFleet("3.0.0");
    expect(refused.code).toBe(5);
    expect(refused.out).toContain("got 4 devices and 3200 items in fleet");

    canaries.push(await server.world.device("c-3", { site: "canary" }));
    const five = await publish("3.1.0", { privacy: "strict" });
    await traffic({ release: five, reference: learning, cells: 2, privacy });
    const done = await learnFleet("3.1.0");
    expect(done).toMatchObject({ code: 0, err: "" });
    const { profile, leftOut } = LearnedProfileAnswer.parse(JSON.parse(done.out));
    expect(profile.features).toEqual([]);
    expect(profile.outputs.map(({ counts }) => counts.reduce((sum, of) => sum + of))).toEqual([
      4_000,
    ]);
    expect(leftOut.map(({ name }) => name)).toEqual(["x[0]", "x[1]", "x[2]", "x[3]"]);
  });

  test("nothing is learnt of counts with noise", async () => {
    await publish("4.0.0", { epsilon: 1 });
    const refused = await learnFleet("4.0.0");
    expect(refused.code).toBe(5);
    expect(refused.out).toContain("expected counts without noise");
  });
});
