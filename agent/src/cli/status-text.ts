import type { ReleaseReference, SlotReport } from "@modelfleet/protocol";
import type { AgentStatus } from "../domain/agent-status.ts";

const MIB = 1024 * 1024;

/** The status for people. */
export function statusText(status: AgentStatus): string {
  const lines = [...headLines(status), ...status.slots.flatMap((slot) => slotLines(status, slot))];
  if (status.slots.length === 0) lines.push("no model yet");
  return `${lines.join("\n")}\n`;
}

function headLines(status: AgentStatus): string[] {
  const { device, fleet, agent, connected, rootVersion, isolation, stale, faults } = status;
  const link = connected ? "connected" : "not connected";
  const state =
    agent === "running" ? `running, ${link}` : "not running; this is what its disk says";
  const lines = [`device ${device} of fleet ${fleet}`, `root ${rootVersion}`, `agent ${state}`];
  if (isolation === "inline") {
    lines.push("INLINE: releases run in the agent's own process; one that crashes ends the agent");
  }
  if (stale === true) {
    lines.push("STALE: no fresh word from the controller for 14 days; what runs goes on");
  }
  for (const { code, detail } of faults) lines.push(`${code}: ${detail}`);
  return lines;
}

function slotLines(status: AgentStatus, report: SlotReport): readonly string[] {
  const { slot, active, previous, trial, refused } = report;
  const lines = [`slot ${slot}`, `  active    ${named(active)}`];
  const here = <T extends { readonly slot: string }>(facts: readonly T[] = []) =>
    facts.filter((fact) => fact.slot === slot);
  for (const { id, version, reason } of here(status.runtimes)) {
    lines.push(`  runtime   ${id} ${version}: ${reason}`);
  }
  lines.push(`  previous  ${named(previous)}`);
  if (trial !== null) lines.push(`  on trial  ${named(trial)}`);
  for (const { text } of here(status.rehearsals)) lines.push(`  tried     ${text}`);
  for (const held of here(status.held)) lines.push(`  process   ${heldText(held)}`);
  for (const queue of here(status.queues)) lines.push(...queueLines(queue));
  for (const deferral of here(status.deferrals))
    lines.push(`  deferred  ${deferredText(deferral)}`);
  for (const { release, gapMs } of here(status.gaps)) {
    lines.push(`  gap       ${gapMs} ms without answers, for ${release.slice(0, 12)}`);
  }
  for (const { release, code, detail } of refused) {
    lines.push(`  refused   ${release.slice(0, 12)} ${code}: ${detail}`);
  }
  return lines;
}

type Each<List extends readonly unknown[] | undefined> = NonNullable<List>[number];

function heldText(held: Each<AgentStatus["held"]>): string {
  const { role, model, version, memoryBytes, goldenCases } = held;
  const memory =
    memoryBytes === undefined ? "memory unknown" : `${Math.round(memoryBytes / MIB)} MiB`;
  const proof = goldenCases === 0 ? "unproven: it brings no golden cases" : `${goldenCases} golden`;
  return `${role} ${model} ${version}, ${memory}, ${proof}`;
}

function queueLines(queue: Each<AgentStatus["queues"]>): readonly string[] {
  const { waiting, running, max, policy, unbatched } = queue;
  const line = `  queue     ${waiting} of ${max} wait, ${running} run; full: ${policy}`;
  return unbatched === undefined ? [line] : [line, `  unbatched ${unbatched}`];
}

function deferredText({ deferredMs, waiting }: Each<AgentStatus["deferrals"]>): string {
  const said = `an application puts swaps off for ${deferredMs} ms more`;
  if (waiting === null) return said;
  const { release, waitedMs, forcedInMs } = waiting;
  const waits = `${release.slice(0, 12)} has waited ${Math.round(waitedMs)} ms`;
  return `${said}; ${waits} and takes place in ${forcedInMs} ms at the latest`;
}

function named(reference: ReleaseReference | null): string {
  if (reference === null) return "none";
  return `${reference.model} ${reference.version} (${reference.release.slice(0, 12)})`;
}
