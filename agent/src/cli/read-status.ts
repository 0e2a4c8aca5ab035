import { request } from "node:http";
import { join } from "node:path";
import { fileIdentity } from "../adapters/file-store/file-identity.ts";
import { openFileStore } from "../adapters/file-store/file-store.ts";
import { nodeFs } from "../adapters/file-store/node-fs.ts";
import { readSocketNote } from "../adapters/file-store/socket-note.ts";
import { sparePath } from "../adapters/file-store/spare-folder.ts";
import { updateLockFile } from "../adapters/file-store/update-lock-file.ts";
import { slotRuined, stateLost } from "../app/install/state-record.ts";
import type { AgentStatus } from "../domain/agent-status.ts";
import { slotReports } from "../domain/install/slot-reports.ts";
import { createWriter, notEnrolled } from "../open-data-folder.ts";
import { spareSocketPath } from "../wiring/open-local-api.ts";

const answerMsMax = 5_000;
const answerBytesMax = 1024 * 1024;

/** Of the running agent when there is one, else of what its disk says. @throws StoreError NOT_ENROLLED */
export async function readStatus(
  folder: string,
  socketPath: string,
  agentVersion: string,
): Promise<AgentStatus> {
  const running = await findAgent(folder, socketPath);
  return running?.status ?? readStopped(folder, agentVersion);
}

export interface FoundAgent {
  readonly socketPath: string;
  readonly status: AgentStatus;
}

/** The agent that runs on this data folder, where it answers. */
export async function findAgent(
  folder: string,
  socketPath: string,
): Promise<FoundAgent | undefined> {
  const spareRun = join(sparePath(folder), "run");
  return (
    (await askAgent(socketPath)) ??
    (await askNoted(folder, [join(folder, "run"), spareRun])) ??
    (await askAgent(spareSocketPath(spareRun)))
  );
}

/** Where the agent of this folder said that it listens. Another one may listen there by now. */
async function askNoted(
  folder: string,
  runFolders: readonly string[],
): Promise<FoundAgent | undefined> {
  const enrolled = await fileIdentity({ fs: nodeFs, folder, write: createWriter() }).enrolment();
  for (const runFolder of runFolders) {
    const noted = await readSocketNote(nodeFs, runFolder);
    const found = noted === undefined ? undefined : await askAgent(noted);
    if (found !== undefined && found.status.device === enrolled?.record.device) return found;
  }
  return undefined;
}

async function readStopped(folder: string, agentVersion: string): Promise<AgentStatus> {
  const write = createWriter();
  const enrolled = await fileIdentity({ fs: nodeFs, folder, write }).enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  const store = await openFileStore({ fs: nodeFs, folder, write });
  const state = await store.readState();
  const ruined = store.ruinedSlot();
  const { device, fleet, class: deviceClass, controllerUrl } = enrolled.record;
  return {
    ...{ device, fleet, class: deviceClass, controllerUrl, agentVersion },
    agent: "stopped",
    connected: false,
    boot: state?.boot ?? 0,
    desiredSeq: state?.seq ?? 0,
    rootVersion: state?.rootVersion ?? 0,
    lock: await updateLockFile({ fs: nodeFs, folder, write }).read(),
    dropped: 0,
    slots: state === undefined ? [] : slotReports(state, []),
    faults: state === undefined ? [stateLost] : ruined === undefined ? [] : [slotRuined(ruined)],
  };
}

/** undefined when nobody answers at this socket. */
function askAgent(socketPath: string): Promise<FoundAgent | undefined> {
  return new Promise((resolve) => {
    const absent = () => resolve(undefined);
    const asked = request(
      { socketPath, path: "/v2/modelfleet/status", timeout: answerMsMax },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > answerBytesMax) asked.destroy();
          else pieces.push(piece);
        });
        response.on("error", absent);
        response.on("end", () => {
          const status = parseStatus(Buffer.concat(pieces).toString("utf8"));
          resolve(status === undefined ? undefined : { socketPath, status });
        });
      },
    );
    asked.on("timeout", () => asked.destroy());
    asked.on("error", absent);
    asked.end();
  });
}

/** Our own agent's words over its own socket, so only the outline is checked. */
function parseStatus(text: string): AgentStatus | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined; // Somebody else listens there: the disk is asked instead.
  }
}

function isStatus(value: unknown): value is AgentStatus {
  return typeof value === "object" && value !== null && "device" in value && "slots" in value;
}
