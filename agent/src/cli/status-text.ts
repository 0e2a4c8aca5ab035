import type { SlotReport } from "@modelfleet/protocol";
import type { AgentStatus, ReleaseName } from "../domain/agent-status.ts";

const MIB = 1024 * 1024;

/** The status for people. */
export function statusText(status: AgentStatus): string {
  const lines = [...headLines(status), ...status.slots.flatMap((slot) => slotLines(status, slot))];
  if (status.slots.length === 0) lines.push("no model yet");
  return `${lines.join("\n")}\n`;
}

function headLines(status: AgentStatus): string[] {
  const { device, fleet, agent, connected, rootVersion, isolation, stale, lock, faults } = status;
  const link = connected ? "connected" : "not connected";
  const state =
    agent === "running" ? `running, ${link}` : "not running; this is what its disk says";
  const lines = [`device ${device} of fleet ${fleet}`, `root ${rootVersion}`, `agent ${state}`];
  if (isolation === "inline") {
    lines.push("INLINE: releases run in the agent's own process; one that crashes ends the agent");
    const [held] = status.held ?? [];
    if (held !== undefined) lines.push(`process ${memoryText(held)}, the agent with its releases`);
  }
  if (stale === true) {
    lines.push("STALE: no fresh word from the controller for 14 days; what runs goes on");
  }
  if (lock) lines.push(lockLine(lock));
  if (status.captures?.consent) lines.push(captureLine(status.captures));
  for (const { code, detail } of faults) lines.push(`${code}: ${detail}`);
  return lines;
}

function captureLine({ kept, dropped, files }: NonNullable<AgentStatus["captures"]>): string {
  const said = `CAPTURE is allowed: ${files} requests are kept here`;
  return `${said}; since the start ${kept} kept, ${dropped} passed over`;
}

function lockLine({ reason, sinceMs }: NonNullable<AgentStatus["lock"]>): string {
  const why = reason === "" ? "" : `: ${reason}`;
  return `LOCKED since ${new Date(sinceMs).toISOString()}${why}; nothing new begins to serve`;
}

function slotLines(status: AgentStatus, report: SlotReport): readonly string[] {
  const { slot, active, previous, trial, refused } = report;
  const lines = ["", `slot ${slot}`];
  const called = (release: string) => calledIn(status, release);
  const here = <T extends { readonly slot: string }>(facts: readonly T[] = []) =>
    facts.filter((fact) => fact.slot === slot);
  if (status.agent === "running") lines.push(`  answers   ${answerer(status, report)}`);
  for (const { id, version, reason } of here(status.runtimes)) {
    lines.push(`  runtime   ${id} ${version}: ${reason}`);
  }
  if (trial !== null) lines.push(`  on trial  ${named(trial)}`);
  lines.push(`  confirmed ${named(active)}`, `  previous  ${named(previous)}`);
  for (const { text } of here(status.rehearsals)) lines.push(`  tried     ${text}`);
  for (const held of here(status.held)) lines.push(heldLine(status, held));
  for (const queue of here(status.queues)) lines.push(...queueLines(queue));
  for (const { release, detail, opensInMs } of here(status.heldUp)) {
    const opens = opensInMs === null ? "" : `; it opens in ${lengthText(opensInMs)}`;
    lines.push(`  waits     ${called(release)} for ${detail}${opens}`);
  }
  for (const deferral of here(status.deferrals)) {
    lines.push(...deferredLines(deferral, called));
  }
  for (const { release, labelled, errors, isDrifting } of here(status.labels)) {
    if (labelled === 0) continue;
    const changed = isDrifting ? "; THEY HAVE CHANGED" : "";
    lines.push(`  labels    ${errors} wrong of ${labelled} for ${called(release)}${changed}`);
  }
  for (const { release, gapMs } of here(status.gaps)) {
    lines.push(`  gap       ${lengthText(gapMs)} without answers, for ${called(release)}`);
  }
  for (const { release, code, detail } of refused) {
    lines.push(`  refused   ${called(release)} ${code}: ${detail}`);
  }
  return lines;
}

type Each<List extends readonly unknown[] | undefined> = NonNullable<List>[number];

/** During a trial that is not the confirmed one, and after its state was lost there is none confirmed. */
function answerer(status: AgentStatus, { slot, trial }: SlotReport): string {
  const serving = status.runtimes?.find((one) => one.slot === slot);
  if (serving === undefined) return "nobody";
  const standing = serving.release === trial?.release ? ", on trial" : "";
  return `${calledIn(status, serving.release)}${standing}`;
}

/** What a digest stands for, where that is known. */
function calledIn({ names = [], held = [], slots }: AgentStatus, release: string): string {
  const inSlots = slots.flatMap(({ active, previous, trial }) => [active, previous, trial]);
  const found = [...names, ...held, ...inSlots].find((one) => one?.release === release);
  return found ? named(found) : release.slice(0, 12);
}

/** Where all of them share the agent's process, its memory is told once, at the head. */
function heldLine({ isolation }: AgentStatus, held: Each<AgentStatus["held"]>): string {
  const { role, model, version, goldenCases } = held;
  const proof = goldenCases === 0 ? "unproven: it brings no golden cases" : `${goldenCases} golden`;
  if (isolation === "inline") return `  holds     ${role} ${model} ${version}, ${proof}`;
  return `  process   ${role} ${model} ${version}, ${memoryText(held)}, ${proof}`;
}

function memoryText({ memoryBytes }: Each<AgentStatus["held"]>): string {
  return memoryBytes === undefined ? "memory unknown" : `${Math.round(memoryBytes / MIB)} MiB`;
}

function queueLines(queue: Each<AgentStatus["queues"]>): readonly string[] {
  const { waiting, running, max, policy, unbatched } = queue;
  const line = `  queue     ${waiting} of ${max} wait, ${running} run; full: ${policy}`;
  return unbatched === undefined ? [line] : [line, `  unbatched ${unbatched}`];
}

/** None where a swap is due at once. */
function deferredLines(
  { deferredMs, waiting }: Each<AgentStatus["deferrals"]>,
  called: (release: string) => string,
): readonly string[] {
  if (deferredMs === 0) return [];
  const said = `  deferred  an application puts swaps off for ${lengthText(deferredMs)} more`;
  if (waiting === null) return [said];
  const { release, waitedMs, forcedInMs } = waiting;
  if (forcedInMs === null) return [said];
  const waits = `${called(release)} has waited ${lengthText(waitedMs)}`;
  return [
    said,
    `            ${waits} and takes its place in ${lengthText(forcedInMs)} at the latest`,
  ];
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `1500 ms`, `90 s`, `23 h`: whole units, the largest of which there are two. */
function lengthText(ms: number): string {
  const [unit, unitMs] = units.find(([, length]) => ms >= 2 * length) ?? ["ms", 1];
  return `${Math.round(ms / unitMs)} ${unit}`;
}

function named(reference: ReleaseName | null): string {
  if (reference === null) return "none";
  return `${reference.model} ${reference.version} (${reference.release.slice(0, 12)})`;
}
