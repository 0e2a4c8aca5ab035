import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileIdentity } from "../../../agent/src/adapters/file-store/file-identity.ts";
import { openFileStore } from "../../../agent/src/adapters/file-store/file-store.ts";
import { nodeFs } from "../../../agent/src/adapters/file-store/node-fs.ts";
import type { AgentConfig } from "../../../agent/src/config.ts";
import { EnrolmentRecord } from "../../../agent/src/domain/enrolment-record.ts";
import { createWriter, firstState } from "../../../agent/src/open-data-folder.ts";
import { runAgent } from "../../../agent/src/run-agent.ts";
import type { AgentRun } from "../../../agent/src/wiring/agent-run.ts";
import { eventually } from "../eventually.ts";
import { fixtureDevice, fixtureFleet, fleetRoot } from "../trust-fixtures.ts";
import { askHttp } from "./ask-http.ts";
import { miniSecret } from "./mini-controller.ts";
import { runnerMainPath } from "./runner-main-path.ts";

export type Urls = { readonly controllerUrl: string; readonly brokerUrl: string };

/** Makes a folder that of `fixtureDevice`, as enrolment would have. */
export async function enrolledFolder(folder: string, urls: Urls): Promise<void> {
  const root = fleetRoot();
  const identity = fileIdentity({ fs: nodeFs, folder, write: createWriter() });
  await identity.deviceSeed(() => new Uint8Array(createHash("sha256").update("device").digest()));
  const record = EnrolmentRecord.parse({
    ...{ fleet: fixtureFleet, device: fixtureDevice, secret: miniSecret, class: "cam-v2" },
    ...{ ...urls, rootSha256: root.sha256 },
  });
  await identity.keepEnrolment({ record, anchor: root.bytes });
  const store = await openFileStore({ fs: nodeFs, folder, write: createWriter() });
  await store.commit(firstState(root));
}

/** A whole agent in this process, with real runners; it closes with `await using`. */
export async function runningAgent(
  folder: string,
  confirmMs = 100,
  { clock, ...changes }: Partial<AgentConfig & Pick<AgentRun, "clock">> = {},
  runnerPath = runnerMainPath(),
) {
  const events: Record<string, unknown>[] = [];
  const note = (event: Record<string, unknown>) => void events.push(event);
  const stop = new AbortController();
  const socketPath = join(folder, "agent.sock");
  const done = runAgent(
    {
      config: {
        ...{ folder, socketPath, tcpPort: undefined, windowMs: 1_000, confirmMs },
        ...changes,
      },
      machine: {
        nodePath: process.execPath,
        runnerPath,
        nodeVersion: process.version,
        glibcVersion: "2.36",
        agentVersion: "0.1.0",
      },
      log: { info: note, warn: note, error: note },
      clock,
    },
    stop.signal,
  );
  done.catch(() => undefined);
  const close = async () => {
    stop.abort();
    await done;
  };
  await Promise.race([
    done,
    eventually(() => events.some((seen) => seen["event"] === "agent.ready")),
  ]);
  return {
    events,
    socketPath,
    done,
    close,
    infer: (values: readonly number[]) =>
      askHttp(
        { socketPath },
        {
          path: "/v2/models/digits/infer",
          body: { inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: values }] },
        },
      ),
    status: async () => (await askHttp({ socketPath }, { path: "/v2/modelfleet/status" })).json(),
    [Symbol.asyncDispose]: close,
  };
}
