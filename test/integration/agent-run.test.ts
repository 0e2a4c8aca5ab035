import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { main } from "../../agent/src/main.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const patience = { withinMs: 20_000 };

test("an agent says hello, installs what is wanted, serves it, and owes nothing in the end", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const release = controller.release("1.0.0");
  controller.want(release);
  await using agent = await runningAgent(folder.path);

  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  const answer = await agent.infer([3, 4]);

  expect(answer.json()).toMatchObject({ model_version: "1.0.0", outputs: [{ data: [3, 4] }] });
  expect(controller.hellos[0]).toMatchObject({ boot: 1, desiredSeq: 0 });
  await eventually(() => controller.telemetry.some(({ windows }) => windows[0]?.requests === 1));
  await eventually(async () => {
    expect(await readdir(folder.inside("outbox", "report"))).toEqual([]);
    expect(await readdir(folder.inside("outbox", "tele"))).toEqual([]);
  });
  expect(await agent.status()).toMatchObject({
    agent: "running",
    connected: true,
    stale: false,
    slots: [{ active: { release } }],
  });
});

test("a release for another runtime is refused before anything is fetched", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const compat = { classes: ["*"], runtime: "onnxruntime>=9.0", minMemoryMiB: 16 };
  controller.want(controller.release("1.0.0", { compat }));
  await using agent = await runningAgent(folder.path);

  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.code === "UNSUPPORTED_RUNTIME"),
    patience,
  );

  expect(await readdir(folder.inside("blobs"))).toEqual([]);
  expect((await agent.infer([1, 2])).status).toBe(503);
});

test("without a broker the agent serves what it has, and is back when the broker is", async () => {
  await using folder = await temporaryFolder();
  const first = await miniController();
  await enrolledFolder(folder.path, first);
  first.want(first.release("1.0.0"));
  await using agent = await runningAgent(folder.path);
  await eventually(
    () => first.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );

  await first[Symbol.asyncDispose]();
  await eventually(() => agent.events.some(({ event }) => event === "bus.offline"));
  const answer = await agent.infer([5, 6]);
  await using second = await miniController(first.brokerPort);

  expect(answer.status).toBe(200);
  await eventually(
    () => expect(second.hellos[0]).toMatchObject({ boot: 1, desiredSeq: 1 }),
    patience,
  );
  await eventually(() => second.telemetry.length > 0, patience);
});

test("what was not acknowledged is sent again after a restart, with its old place", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  controller.acknowledge(false);
  await enrolledFolder(folder.path, controller);
  controller.want(controller.release("1.0.0"));
  const agent = await runningAgent(folder.path);
  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  await agent.close();
  const before = controller.reports.splice(0).map(({ boot, seq }) => [boot, seq]);
  controller.acknowledge(true);

  await using again = await runningAgent(folder.path);

  await eventually(() => {
    expect(controller.reports.map(({ boot, seq }) => [boot, seq])).toEqual(before);
  });
  expect(before[0]).toEqual([1, 0]);
  await eventually(() => expect(controller.hellos.at(-1)).toMatchObject({ boot: 2 }));
  await eventually(() => again.events.some(({ event }) => event === "release.restored"));
});

test("F62: a device that lost both state slots follows only an answer to its own hello, and fetches no file again", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  const { release } = await stoppedDevice(folder.path, controller);
  for (const name of ["a", "b"])
    await writeFile(folder.inside("state", name), Buffer.alloc(65_536));
  const asked = controller.asked().length;

  await using again = await runningAgent(folder.path);

  await eventually(() => expect(controller.hellos.at(-1)?.boot).toBeGreaterThan(1_000_000));
  expect(controller.hellos.find(({ boot }) => boot > 1_000_000)).toMatchObject({
    ...{ desiredSeq: 0, storeFault: "STATE_LOST" },
  });
  await eventually(async () => {
    expect(await again.status()).toMatchObject({ slots: [{ active: { release } }], faults: [] });
  }, patience);
  expect(again.events).toContainEqual({ event: "state.lost", code: "STATE_LOST" });
  expect(controller.asked().slice(asked)).toEqual([]);
});

test("a second agent on the same folder is refused and the first goes on", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  await using agent = await runningAgent(folder.path);

  const second = await runningAgent(folder.path).then(
    ({ done }) => done,
    (cause: unknown) => cause,
  );

  expect(second).toMatchObject({ code: "LOCKED" });
  expect(await agent.status()).toMatchObject({ agent: "running" });
});

test("status asks the running agent, and reads the disk when there is none", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  const { agent, release } = await stoppedDevice(folder.path, controller);
  const { readStatus } = await import("../../agent/src/cli/read-status.ts");

  expect(await readStatus(folder.path, agent.socketPath, "0.1.0")).toMatchObject({
    agent: "stopped",
    slots: [{ active: { release } }],
  });
  expect(await main(["status", "--data", folder.inside("nowhere")])).toBe(1);
});

test("one ruined state slot is said by the status and the next start, which writes it anew", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  await (await runningAgent(folder.path)).close();
  await writeFile(folder.inside("state", "a"), Buffer.alloc(65_536, "ruin"));
  const { readStatus } = await import("../../agent/src/cli/read-status.ts");

  const stopped = await readStatus(folder.path, folder.inside("agent.sock"), "0.1.0");
  await using agent = await runningAgent(folder.path);

  expect(stopped.faults).toMatchObject([{ code: "STORE_FAILED" }]);
  expect(stopped.faults[0]?.detail).toContain(folder.inside("state", "a"));
  expect(agent.events).toContainEqual({
    ...{ event: "state.slot-damaged", path: folder.inside("state", "a") },
  });
  expect(await agent.status()).toMatchObject({ faults: [] });
});

test("status finds an agent that listens elsewhere, and is not led to the agent of another device", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  const socketPath = folder.inside("elsewhere.sock");
  const usual = folder.inside("agent.sock");
  const { readStatus } = await import("../../agent/src/cli/read-status.ts");
  await using agent = await runningAgent(folder.path, 100, { socketPath });

  const running = await readStatus(folder.path, usual, "0.1.0");
  const note = await readFile(folder.inside("run", "socket"));
  await agent.close();
  const stopped = await readStatus(folder.path, usual, "0.1.0");
  const left = await readdir(folder.inside("run"));
  // As an agent leaves it that is killed.
  await writeFile(folder.inside("run", "socket"), note);
  const killed = await readStatus(folder.path, usual, "0.1.0");
  const other = createServer((_, response) => response.end('{"device":"other-1","slots":[]}'));
  await new Promise<void>((done) => void other.listen(socketPath, done));
  const led = await readStatus(folder.path, usual, "0.1.0").finally(() => other.close());

  expect([running.agent, stopped.agent]).toEqual(["running", "stopped"]);
  expect(left).toEqual([]);
  expect(killed.agent).toBe("stopped");
  expect(led).toMatchObject({ agent: "stopped", device: running.device });
});

test("after a restart, a request before the release is loaded is told so, never to deploy one", async () => {
  await using folder = await temporaryFolder();
  await using controller = await miniController();
  await enrolledFolder(folder.path, controller);
  controller.want(controller.release("1.0.0"));
  const agent = await runningAgent(folder.path);
  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  await agent.close();

  await using again = await runningAgent(folder.path);

  const refused = new Set<unknown>();
  await eventually(async () => {
    const answer = await again.infer([1, 2]);
    if (answer.status !== 200) refused.add(answer.json());
    expect(answer.status).toBe(200);
  }, patience);
  const error = "the release digits 1.0.0 is being loaded; try again in a second";
  for (const told of refused) expect(told).toEqual({ error });
});

/** One that has confirmed a release and said so; its agent has ended. */
async function stoppedDevice(
  folder: string,
  controller: Awaited<ReturnType<typeof miniController>>,
) {
  await enrolledFolder(folder, controller);
  const release = controller.release("1.0.0");
  controller.want(release);
  const agent = await runningAgent(folder);
  await eventually(
    () => controller.reports.some(({ items }) => items[0]?.step === "confirmed"),
    patience,
  );
  await agent.close();
  return { agent, release };
}
