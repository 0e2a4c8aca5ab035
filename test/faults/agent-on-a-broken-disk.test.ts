import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askHttp } from "../support/agent/ask-http.ts";
import { miniController } from "../support/agent/mini-controller.ts";
import { mayMount, mountedAgent } from "../support/agent/mounted-agent.ts";
import { enrolledFolder, runningAgent } from "../support/agent/running-agent.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
let controller: Awaited<ReturnType<typeof miniController>>;
let data: string;

const patience = { withinMs: 30_000, everyMs: 25 };

/** A device that has confirmed release 1.0.0 and was stopped. */
beforeAll(async () => {
  folder = await temporaryFolder();
  controller = await miniController();
  data = folder.inside("device");
  await enrolledFolder(data, controller);
  controller.want(controller.release("1.0.0"));
  await using agent = await runningAgent(data);
  await eventually(() => hasReported("1.0.0", "confirmed"), patience);
  await eventually(async () => expect(await readdir(join(data, "outbox/report"))).toEqual([]));
  await agent.close();
});

afterAll(async () => {
  await controller[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function hasReported(version: string, step: string): boolean {
  const items = controller.reports.flatMap((report) => report.items);
  return items.some((item) => item.version === version && item.step === step);
}

async function versionServed(socketPath: string): Promise<string> {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data: [1, 2] }];
  const path = "/v2/models/digits/infer";
  const answer = await askHttp({ socketPath }, { path, body: { inputs } });
  expect(answer.status).toBe(200);
  return (answer.json() as { readonly model_version: string }).model_version;
}

async function faultsOf(socketPath: string): Promise<string[]> {
  const answer = await askHttp({ socketPath }, { path: "/v2/modelfleet/status" });
  const { faults } = answer.json() as { readonly faults: readonly { readonly code: string }[] };
  return faults.map(({ code }) => code);
}

const socketOf = (events: readonly Record<string, unknown>[]) =>
  eventually(() => {
    const ready = events.find(({ event }) => event === "agent.ready");
    return typeof ready?.["socketPath"] === "string" ? ready["socketPath"] : false;
  }, patience);

test.skipIf(!mayMount())(
  "F60: on a read-only disk the agent serves its confirmed release, says what is wrong, and mends it when it can",
  async () => {
    const hellos = controller.hellos.length;
    await using agent = mountedAgent({
      mount: `mount --bind '${data}' '${data}'; mount -o remount,bind,ro '${data}'`,
      ...{ data, temporary: folder.path },
    });

    const socketPath = String(await socketOf(agent.events));
    const served = await eventually(() => versionServed(socketPath), patience);
    await eventually(() => controller.hellos.length > hellos, patience);
    const faults = await faultsOf(socketPath);
    const { boot, storeFault } = controller.hellos[hellos] ?? {};
    await agent.shell(`mount -o remount,bind,rw '${data}'`);
    await eventually(async () => expect(await faultsOf(socketPath)).toEqual([]), patience);

    expect(served).toBe("1.0.0");
    expect(faults).toEqual(["STORE_FAILED"]);
    expect([boot, storeFault]).toEqual([2, "STORE_FAILED"]);
    expect(socketPath.startsWith(data)).toBe(false);
    expect(agent.ended()).toBeNull();
  },
);

test.skipIf(!mayMount())(
  "F60: on a full disk the agent starts, serves, refuses what does not fit and says so, and installs it when there is room",
  async () => {
    const copy = folder.inside("copy");
    await using agent = mountedAgent({
      mount: [
        `mkdir '${copy}'; mount -t tmpfs -o size=270m tmpfs '${copy}'; cp -a '${data}/.' '${copy}'`,
        // Above the 256 MiB that an agent keeps free: there is room again when the filler goes.
        `dd if=/dev/zero of='${copy}/filler' bs=4096 2>/dev/null || true`,
      ].join("\n"),
      ...{ data: copy, temporary: folder.path },
      // What is mounted there is not seen from here.
      args: ["--socket", folder.inside("full.sock")],
    });
    const socketPath = String(await socketOf(agent.events));
    const served = await eventually(() => versionServed(socketPath), patience);
    controller.want(controller.release("2.0.0", {}, 2));
    await controller.order();
    await eventually(() => agent.events.some(({ code }) => code === "NO_SPACE"), patience);
    const meanwhile = await versionServed(socketPath);

    await agent.shell(`rm '${copy}/filler'`);
    await controller.order();
    await eventually(() => hasReported("2.0.0", "confirmed"), patience);

    expect([served, meanwhile]).toEqual(["1.0.0", "1.0.0"]);
    expect(await versionServed(socketPath)).toBe("2.0.0");
    expect(await faultsOf(socketPath)).toEqual([]);
  },
);
