import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Refusals } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { openDatabase } from "../../controller/src/adapters/sql/open-database.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { enrolDevice } from "../support/http/enrolled-device.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { publishSmall } from "../support/http/upload-form.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let controller: InProcessController;
let exported: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  exported = folder.inside("audit.ndjson");
  controller = await startInProcess();
  await enrolDevice(controller);
  await publishSmall(controller);
  await controller.post("/v1/deployments", {
    ...{ model: "vision.defects", version: "1.0.0" },
    target: { all: true },
  });
  await controller.fetch("/v1/devices/cam-1", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ labels: { line: "3" } }),
  });
  await copyFile(join(controller.folder, "keys", "roots", "1.json"), folder.inside("root.json"));
  expect(await run("export", "--out", exported)).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function run(...args: readonly string[]) {
  const recorded = recordedTerminal({ MODELFLEET_URL: controller.httpUrl });
  const exitCode = await runProgram(["audit", ...args], recorded.terminal);
  return { exitCode, out: recorded.out(), err: recorded.err() };
}

/** A copy of the export with its lines changed. */
async function tampered(change: (lines: string[]) => readonly string[]): Promise<string> {
  const lines = (await readFile(exported, "utf8")).trimEnd().split("\n");
  const path = folder.inside("tampered.ndjson");
  await writeFile(path, `${change(lines).join("\n")}\n`);
  return path;
}

describe("the audit log of a controller", () => {
  test("names what was done, by whom and to what, from its start on", async () => {
    const text = await readFile(exported, "utf8");
    const events = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ kind }) => kind === "event");

    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ["controller.started", "system"],
      ["claim.created", "local"],
      ["device.enrolled", "device:cam-1"],
      ["release.published", "local"],
      ["deployment.created", "local"],
      ["device.labelled", "local"],
    ]);
    expect(JSON.parse(String(events[4]?.["detail"]))).toMatchObject({ assigned: 1, ineligible: 0 });
    expect(JSON.parse(String(events[5]?.["detail"]))).toMatchObject({ after: ["line=3"] });
  });

  test("holds no secret of a claim, a device or a key", async () => {
    const text = await readFile(exported, "utf8");

    expect(text).not.toMatch(/secret|BEGIN|mf1:/);
  });

  test("is whole, asked of the controller or read from a file", async () => {
    const online = await run("verify");
    const offline = await run("verify", exported, "--root", folder.inside("root.json"), "--json");

    expect(online).toMatchObject({ exitCode: 0 });
    expect(online.out).toMatch(/whole: 6 entries(.|\n)*signatures not checked/);
    expect(offline.exitCode).toBe(0);
    expect(JSON.parse(offline.out)).toMatchObject({
      ...{ whole: true, events: 6, signatures: "checked" },
    });
  });

  test("is never exported over an earlier export", async () => {
    const before = await readFile(exported, "utf8");

    const again = await run("export", "--out", exported);

    expect(again.exitCode).toBe(1);
    expect(again.err).toContain("earlier exports are worth keeping");
    expect(await readFile(exported, "utf8")).toBe(before);
  });

  test("F59: a tampered export is told with its entry, the kind and exit code 1", async () => {
    const removed = await run("verify", await tampered((lines) => lines.toSpliced(3, 1)), "--json");
    const changed = await run(
      "verify",
      await tampered((lines) => lines.map((line) => line.replace("claim.created", "claim.found"))),
    );

    expect(removed.exitCode).toBe(1);
    expect(JSON.parse(removed.out)).toMatchObject({
      whole: false,
      broken: { seq: 3, how: "removed" },
    });
    expect(changed).toMatchObject({ exitCode: 1, out: "" });
    expect(changed.err).toContain("broken at entry 2 (changed)");
  });

  test("F59: an export that was cut is found beside an earlier one", async () => {
    const shorter = await tampered((lines) => lines.slice(0, 3));

    const alone = await run("verify", shorter);
    expect(alone.exitCode).toBe(0);
    expect(alone.out).toMatch(/only an earlier export shows: --earlier/);
    const found = await run("verify", shorter, "--earlier", exported);

    expect(found.exitCode).toBe(1);
    expect(found.err).toMatch(/\(cut\)/);
  });

  test("F59: under the root of another fleet no checkpoint holds", async () => {
    await using other = await startInProcess();

    const found = await run(
      "verify",
      exported,
      "--root",
      join(other.folder, "keys", "roots", "1.json"),
    );

    expect(found.exitCode).toBe(1);
    expect(found.err).toMatch(
      /\(foreign\).* names fleet .*, the root given is of fleet .*wrong root/,
    );
  });

  test("that is asked for in no numbers is refused", async () => {
    expect((await controller.fetch("/v1/audit?after=-1")).status).toBe(400);
    expect((await controller.fetch("/v1/audit?count=501")).status).toBe(400);
    expect((await controller.fetch("/v1/audit?count=500")).status).toBe(200);
  });
});

describe("an export", () => {
  test.each([
    ["no JSON", "{", /line 8/],
    ["another object", '{"kind":"event"}', /expected an entry/],
    ["a line that is too long", `"${"x".repeat(70_000)}"`, /bytes/],
  ])("F59: with %s in it is changed there, and the line is named", async (_, line, reason) => {
    const found = await run("verify", await tampered((lines) => [...lines, line]));

    expect(found.exitCode).toBe(1);
    expect(found.err).toMatch(reason);
    expect(found.err).toContain("broken at entry 7 (changed)");
  });

  test("without a checkpoint is not called whole, and is not enough under a root", async () => {
    const unsigned = await tampered((lines) => lines.filter((line) => line.includes('"event"')));
    const root = ["--root", folder.inside("root.json")];

    const alone = await run("verify", unsigned);
    const under = await run("verify", unsigned, ...root, "--json");

    expect(alone.exitCode).toBe(0);
    expect(alone.out).toContain("nothing here is signed: 6 entries, 0 checkpoints");
    expect(alone.out).not.toContain("whole");
    expect(under.exitCode).toBe(1);
    expect(JSON.parse(under.out)).toMatchObject({ whole: false, signatures: "none" });
  });

  test("of nothing at all is no log, with a root and without", async () => {
    const empty = folder.inside("empty.ndjson");
    await writeFile(empty, "");

    for (const root of [[], ["--root", folder.inside("root.json")]]) {
      const found = await run("verify", empty, ...root);
      expect(found.exitCode).toBe(1);
      expect(found.err).toContain("nothing here is signed: 0 entries, 0 checkpoints");
    }
  });
});

test("what was not taken in is shown, and what never came", async () => {
  const answer = await controller.fetch("/v1/refusals");

  expect(Refusals.parse(await answer.json())).toMatchObject({ refusals: [], gaps: [] });
});

test("who was not let in, and the end, stand in the log of a stopped controller", async () => {
  await using stopped = await startInProcess();
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  for (const key of ["x".repeat(40), "y".repeat(40)])
    await stopped.fetch("/v1/devices", bearer(key));
  await stopped.post("/v1/enrol", { envelope: "AAAA", mac: Buffer.alloc(32).toString("base64") });

  await stopped.close();

  await using stores = await openDatabase(join(stopped.folder, "controller.sqlite"));
  const { events } = await stores.audit.page(0, 10);
  const refused = events
    .slice(1)
    .map(({ action, detail }) => [action, JSON.parse(detail) as object]);
  expect(refused).toMatchObject([
    ["access.refused", { reason: "OPERATOR_KEY_REQUIRED", times: 2 }],
    ["enrolment.refused", { reason: "ENROL_INVALID", times: 1 }],
  ]);
  expect((await stores.audit.newestCheckpoint())?.seq).toBe(events.length);
});
