import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { conduct, percent } from "../support/rollout/rollout-questions.ts";
import {
  named,
  type RolloutServer,
  startRolloutServer,
} from "../support/rollout/rollout-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let server: RolloutServer;
let versions = 0;
/** Of the release each test rolls out. */
let release = "";

beforeAll(async () => {
  server = await startRolloutServer({ devices: 4 });
});
afterAll(async () => {
  expect(server.defects).toEqual([]);
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  versions += 1;
  release = await server.world.publish(`${versions}.0.0`);
});

const current = () => `${named.model}@${versions}.0.0`;
const draft = async () => {
  const body = { ...named, version: `${versions}.0.0`, start: false };
  const { id } = (await (await server.post("/v1/rollouts", body)).json()) as { id: string };
  return id;
};

interface Run {
  readonly isInteractive?: boolean;
  readonly apiKey?: string;
  /** What happens while the command waits, in place of what the fleet does by itself. */
  readonly meanwhile?: (interrupt: () => boolean) => Promise<void>;
}

async function run(
  argv: readonly string[],
  { isInteractive = false, apiKey, meanwhile }: Run = {},
) {
  const recorded = recordedTerminal({
    MODELFLEET_URL: server.url,
    ...(apiKey === undefined ? {} : { MODELFLEET_API_KEY: apiKey }),
  });
  const terminal = {
    ...recorded.terminal,
    isInteractive,
    screen: () => (isInteractive ? { columns: 100, rows: 40 } : undefined),
    sleep: async (ms: number) => {
      await (meanwhile?.(recorded.interrupt) ?? server.world.settle());
      await recorded.terminal.sleep(ms);
    },
  };
  const exitCode = await runProgram(["rollout", ...argv], terminal);
  return { exitCode, out: recorded.out(), err: recorded.err() };
}

test("a plan is shown with counts, and nothing changes", async () => {
  const { exitCode, out } = await run(["plan", current(), "--stages", "25%,100%"]);
  const listed = await run(["list"]);

  expect(exitCode).toBe(0);
  expect(out).toContain(`${current()} for 4 devices; nothing has changed`);
  expect(out).toMatch(/^eligible +4 +cam-0000 cam-0001 cam-0002 cam-0003$/m);
  expect(out).toMatch(/^1 +1 +cam-/m);
  expect(out).toMatch(/^2 +3 +cam-/m);
  expect(listed.out).not.toContain(current());
  await using folder = await temporaryFolder();
  const path = folder.inside("plan.yaml");
  await writeFile(path, "stratifyBy: [class, site]\ncontrol: { devices: 1 }\n");
  const stratified = await run(["plan", current(), path]);
  expect(stratified.out).toMatch(/^1 +3 +cam-.* cam-v2\/- 3$/m);
  expect(stratified.out).toMatch(/^control +1 +cam-/m);
});

test("a rollout that is waited for ends with exit code 0; in a pipe each event is a line", async () => {
  const argv = ["start", current(), "--stages", "25%,100%", "--soak", "0s", "--wait"];
  const { exitCode, out, err } = await run(argv);

  expect([exitCode, err]).toEqual([0, ""]);
  expect(out).toContain("3 of 3 confirmed, 0 failed");
  const lines = out.split("\n").filter((line) => /^\d{4}-/.test(line));
  expect(lines.length).toBeGreaterThan(10);
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}rollout\.created /);
  expect(lines.at(-1)).toContain("rollout.completed");
  expect(out).not.toContain("\u001b");
});

test("on a terminal the funnel is drawn anew in place, and the last one stays", async () => {
  let looks = 0;
  const { exitCode, out, err } = await run(["start", current(), "--wait"], {
    isInteractive: true,
    meanwhile: async () => {
      looks += 1;
      // First nobody has answered yet.
      await (looks === 1 ? server.world.app.rolloutEngine.tick() : server.world.settle());
    },
  });

  expect(exitCode).toBe(0);
  expect(err).toContain("stage 1  deploying");
  expect(err).toContain("\u001b[1A\u001b[J");
  expect(err.endsWith("\u001b[J")).toBe(true);
  expect(out).toContain("████████████████████████ 4 of 4 confirmed, 0 failed");
});

test("a rollout that halts says why and what to type; sent back while it is watched it ends with exit code 6", async () => {
  conduct(server.world.devices.values(), release as never);
  const { id } = await server.start({ stages: [percent(100)] }, { version: `${versions}.0.0` });
  const shown = await run(["show", id]);
  const watched = await run(["watch", id], {
    meanwhile: async () => {
      await server.say(id, "abort", { devices: "revert" });
    },
  });

  expect(shown.out).toContain("paused (halt)");
  expect(shown.out).toMatch(/devices failed, at most 5 % may, which is 0/);
  expect(shown.out).toContain(`modelfleet rollout resume ${id} --reason TEXT`);
  expect(watched.exitCode).toBe(6);
  expect(watched.err).toContain(`rollout ${id} is aborted`);
});

test("a wait that is too short ends with exit code 7, and the rollout goes on", async () => {
  const id = await draft();
  const { exitCode, out, err } = await run(["watch", id, "--timeout", "2s"]);

  expect(exitCode).toBe(7);
  expect(out).toContain(`rollout ${id}`);
  expect(err).toContain(`goes on without this command: modelfleet rollout watch ${id}`);
});

test("Ctrl-C leaves the rollout as it is, says so, and ends with exit code 130", async () => {
  const id = await draft();
  const { exitCode, err } = await run(["watch", id], {
    meanwhile: (interrupt) => {
      expect(interrupt()).toBe(true);
      return Promise.resolve();
    },
  });

  expect(exitCode).toBe(130);
  expect(err).toContain(`modelfleet rollout pause ${id} --reason TEXT`);
  expect((await server.world.show(id)).state).toBe("draft");
});

test("with --json a command that did not see the end prints the rollout, and nothing else", async () => {
  const id = await draft();
  const { exitCode, out } = await run(["watch", id, "--timeout", "1s", "--json"]);

  expect(exitCode).toBe(7);
  expect(JSON.parse(out)).toMatchObject({ id, state: "draft" });
});

test("each word is said with its reason, which stays in the log", async () => {
  server.world.conductOf = () => ({ kind: "stop-after", step: "downloading" });
  const started = await run(["start", current(), "--json"]);
  const { id } = JSON.parse(started.out) as { id: string };
  await server.world.settle();
  const paused = await run(["pause", id, "--reason", "lunch"]);
  const resumed = await run(["resume", id, "--reason", "fed"]);
  const approved = await run(["approve", id, "--reason", "not asked"]);
  const [unsaid, both] = [
    await run(["pause", id]),
    await run(["abort", id, "--keep", "--revert", "--reason", "x"]),
  ];
  const aborted = await run(["abort", id, "--keep", "--reason", "enough"]);
  server.world.conductOf = undefined;
  await server.world.settle();

  expect(paused.out).toContain("paused (operator)");
  expect([paused, resumed, aborted].map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect([approved.exitCode, unsaid.exitCode, both.exitCode]).toEqual([5, 2, 2]);
  const { events } = (await (await server.ask(`/v1/rollouts/${id}/events`)).json()) as {
    events: { action: string; detail: string }[];
  };
  expect(events.find(({ action }) => action === "rollout.paused")?.detail).toContain("lunch");
});

test("a draft begins by its id", async () => {
  const made = await run(["start", current(), "--draft"]);
  const [, id = ""] = /modelfleet rollout start (\w+)/.exec(made.out) ?? [];
  const begun = await run(["start", id, "--wait"]);

  expect([made.exitCode, begun.exitCode]).toEqual([0, 0]);
  expect(begun.out).toContain("completed");
});

test("devices are listed, one is explained, and one taken out", async () => {
  server.world.conductOf = () => ({ kind: "stop-after", step: "downloading" });
  const { id } = await server.start(
    { stages: [percent(50), percent(100)] },
    { version: `${versions}.0.0` },
  );
  const listed = await run(["devices", id, "--stage", "2", "--state", "queued"]);
  const [, device = ""] = /^(cam-\d+)/m.exec(listed.out) ?? [];
  const explained = await run(["explain", id, device]);
  const excluded = await run(["exclude", id, device, "--reason", "in repair"]);
  const [again, zero] = [
    await run(["exclude", id, device, "--reason", "in repair"]),
    await run(["devices", id, "--stage", "0"]),
  ];
  await run(["abort", id, "--keep", "--reason", "enough"]);
  server.world.conductOf = undefined;
  await server.world.settle();

  expect(listed.out.trim().split("\n")).toHaveLength(4);
  expect(explained.out).toContain(`${device} waits until stage 2 begins`);
  expect(excluded.out).toContain(`${device} is out of rollout ${id}`);
  expect([again.exitCode, zero.exitCode]).toEqual([5, 2]);
});

test("what is refused says by its exit code of what kind the refusal is", async () => {
  const viewer = await server.keyFor({ role: "viewer" });
  const apiKey = viewer.authorization.slice("Bearer ".length);
  const codes = async (...argvs: readonly (readonly string[])[]) =>
    Promise.all(argvs.map(async (argv) => (await run(argv)).exitCode));

  expect((await run(["start", current()], { apiKey })).exitCode).toBe(4);
  expect((await run(["start", current()], { apiKey: "mfk_wrong" })).exitCode).toBe(4);
  expect(
    await codes(
      ["show", "none"],
      ["plan", "vision.defects@99.0.0"],
      ["start", current(), "--select", "site==nowhere"],
      ["start", current(), "--select", "site=!nowhere"],
      ["plan", current(), "--stages", "5"],
      ["plan", current(), "--stages", "5%,x"],
      ["plan", current(), "--stages", "50%,5%"],
      ["plan", current(), "--stages", "0%"],
      ["plan", current(), "--success", "101"],
      ["list", "--filter", "colour==red"],
    ),
  ).toEqual([3, 3, 5, 2, 0, 2, 2, 2, 2, 2]);
});

test("a device on which somebody said no is explained with what he said", async () => {
  const no = { kind: "refuse", code: "CONSENT_DENIED", detail: "not before the harvest" } as const;
  conduct(server.world.devices.values(), release as never, no);
  const { id } = await server.start({ stages: [percent(100)] }, { version: `${versions}.0.0` });
  const { out } = await run(["explain", id, "cam-0000"]);
  await server.say(id, "abort", { devices: "revert" });

  expect(out).toContain("by a person or an application (not before the harvest), and is not");
});

test("a file that is no plan is a wrong call, like a plan that the controller refuses", async () => {
  await using folder = await temporaryFolder();
  const path = folder.inside("plan.yaml");
  await writeFile(path, "stages:\n  - size: { percent: 50 }\n    bak: 5s\n");

  const { exitCode, out } = await run(["plan", current(), path, "--json"]);

  expect(exitCode).toBe(2);
  expect(JSON.parse(out)).toMatchObject({ error: { code: "PLAN_INVALID" } });
  expect(out).toContain("plan.yaml:3:5: stages/0/bak: expected no such member");
  expect((await run(["plan", current(), folder.inside("none.yaml")])).exitCode).toBe(1);
});

test("what the controller finds wrong with a plan is named by its place in the file", async () => {
  await using folder = await temporaryFolder();
  const path = folder.inside("plan.yaml");
  await writeFile(path, "stages:\n  - size: { percent: 50 }\n  - size: { percent: 20 }\n");

  const { exitCode, err } = await run(["plan", current(), path]);

  expect(exitCode).toBe(2);
  expect(err).toMatch(/plan\.yaml:3:\d+: stages\/1\/size\/percent: expected more than the 50 %/);
});
