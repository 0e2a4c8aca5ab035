import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nodeFs } from "../../agent/src/adapters/file-store/node-fs.ts";
import { StateSlots } from "../../agent/src/adapters/file-store/state-slots.ts";
import { AgentState } from "../../agent/src/domain/install/agent-state.ts";
import { processesBelow } from "./agent-process.ts";

/** The state a killed agent left; undefined when there is none to be read. */
export async function readState(data: string): Promise<AgentState | undefined> {
  const json = await new StateSlots(nodeFs, join(data, "state")).read();
  return json === undefined ? undefined : AgentState.parse(JSON.parse(json));
}

/** I2: what fell between two states of one device. */
export function fallen(before: AgentState, after: AgentState | undefined): string[] {
  if (after === undefined) return ["I2: no state slot can be read"];
  const floorOf = (state: AgentState) => state.floors[0]?.securityVersion ?? 0;
  const pairs = [
    ["boot", before.boot, after.boot],
    ["sequence", before.seq, after.seq],
    ["root", before.rootVersion, after.rootVersion],
    ["floor", floorOf(before), floorOf(after)],
  ] as const;
  return pairs
    .filter(([, old, now]) => now < old)
    .map(([name, old, now]) => `I2: ${name} ${now} after ${old}`);
}

/** I5: what a stopped agent has left beside what its state needs. */
export async function leftovers(data: string): Promise<string[]> {
  const names = await readdir(data, { recursive: true });
  const state = await readState(data);
  const slots = state?.slots ?? [];
  const held = slots.flatMap(({ active, previous }) => [active, previous]);
  const releases = held.filter((one) => one !== null).map(({ release }) => release);
  const documents = new Set<string | null | undefined>([
    ...releases,
    state?.desiredSha256,
    state?.rootSha256,
  ]);
  const isLeft = (name: string): boolean => {
    const [folder = "", file = ""] = name.split("/");
    if (name.endsWith(".tmp")) return true;
    if (file === "") return false;
    if (folder === "partial" || folder === "run") return true;
    return folder === "docs" && !documents.has(file.replace(/\.json$/, ""));
  };
  const blobs = names.filter((name) => name.startsWith("blobs/"));
  return [
    ...names.filter(isLeft).map((name) => `I5: left over: ${name}`),
    ...(blobs.length === releases.length
      ? []
      : [`I5: ${blobs.length} blobs of ${releases.length}`]),
    ...(await processesBelow(data)).map((pid) => `I5: process ${pid} still runs`),
  ];
}
