import type { Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { Verdict } from "../../agent/src/domain/install/probation.ts";
import type { Rehearsal } from "../../agent/src/ports/rehearsal.ts";
import { confirmed, type InstallRig, installRig } from "../support/agent/install-rig.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a proven release is rehearsed before it is activated, and each stage is told with what it found", async () => {
  const play = steeredRehearsal();
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, rehearse: play.rehearse });
  const first = await confirmed(rig, "1.0.0");
  const second = await proven(rig, play);

  play.stage = "canary";
  await eventually(() => rig.steps().includes("2.0.0 shadowed"));
  const before = rig.serving()?.staged.release;
  play.verdict = { kind: "passed" };
  await eventually(() => rig.slot()?.active?.release === second);

  expect(before).toBe(first);
  expect(
    rig
      .steps()
      .filter((step) => step.startsWith("2.0.0"))
      .slice(4),
  ).toEqual([
    "2.0.0 golden",
    "2.0.0 shadowed",
    "2.0.0 canaried",
    "2.0.0 activated",
    "2.0.0 confirmed",
  ]);
  const detailOf = (step: string) => rig.reported.find((item) => item.step === step)?.detail;
  expect(detailOf("shadowed")).toBe("shadow, over");
  expect(detailOf("canaried")).toBe("canary, steered");
  expect(play.endedWhileServing).toEqual([first]);
});

test("a release that fails its rehearsal is refused for it, its runner ends, and the other one never stopped", async () => {
  const play = steeredRehearsal();
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, rehearse: play.rehearse });
  const first = await confirmed(rig, "1.0.0");
  await proven(rig, play);

  play.verdict = { kind: "failed", failure: { code: "REHEARSAL_FAILED", detail: "1 of 9" } };
  await eventually(() => rig.steps().includes("2.0.0 refused REHEARSAL_FAILED"));

  expect(rig.steps()).toContain("2.0.0 shadowed");
  expect(rig.steps()).not.toContain("2.0.0 activated");
  expect(play.endedWhileServing).toEqual([first]);
  expect(rig.host.modelOf("2.0.0")?.stopped()).toBe(true);
  expect(rig.host.loads).toEqual(["1.0.0", "2.0.0"]);
  expect(rig.slot()).toMatchObject({ active: { release: first }, trial: null });
});

test("a release in rehearsal that is not wanted any more leaves the live requests at once", async () => {
  const play = steeredRehearsal();
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, rehearse: play.rehearse });
  const first = await confirmed(rig, "1.0.0");
  await proven(rig, play);

  rig.want(first);
  await eventually(() => rig.slot()?.trial === null);

  expect(play.endedWhileServing).toEqual([first]);
  expect(rig.host.modelOf("2.0.0")?.stopped()).toBe(true);
});

test("a release whose runner ends in rehearsal is loaded and rehearsed again, until its starts are spent", async () => {
  const play = steeredRehearsal();
  await using folder = await temporaryFolder();
  await using rig = installRig({ folder: folder.path, rehearse: play.rehearse });
  const first = await confirmed(rig, "1.0.0");
  await proven(rig, play);

  for (const begun of [2, 3]) {
    rig.host.modelOf("2.0.0")?.crash();
    await eventually(() => play.begun() === begun);
  }
  rig.host.modelOf("2.0.0")?.crash();
  await eventually(() => rig.steps().includes("2.0.0 refused RUNNER_CRASH"));

  expect(rig.host.loads.filter((version) => version === "2.0.0")).toHaveLength(3);
  expect(play.endedWhileServing).toEqual([first, first, first]);
  expect(rig.serving()?.staged.release).toBe(first);
});

/** Published, wanted, and in its rehearsal. */
async function proven(rig: InstallRig, play: ReturnType<typeof steeredRehearsal>) {
  play.serving = () => rig.serving()?.staged.release;
  const second = rig.publish("2.0.0");
  rig.want(second);
  await eventually(() => play.begun() === 1);
  return second;
}

/** A rehearsal of every release but the first, judged by the test. */
function steeredRehearsal() {
  let begun = 0;
  const play = {
    stage: "shadow" as ReturnType<Rehearsal["stage"]>,
    verdict: { kind: "open", waitMs: 5 } as Verdict,
    serving: (): Sha256 | undefined => undefined,
    endedWhileServing: [] as (Sha256 | undefined)[],
    begun: () => begun,
    rehearse: (
      _: unknown,
      model: { readonly staged: { readonly document: { version: string } } },
    ) => {
      if (model.staged.document.version === "1.0.0") return null;
      begun += 1;
      return {
        stage: () => play.stage,
        verdict: () => play.verdict,
        summary: () => `${play.stage}, steered`,
        found: (stage: string) => `${stage}, over`,
        end: () => {
          play.endedWhileServing.push(play.serving());
          return Promise.resolve();
        },
      };
    },
  };
  return play;
}
