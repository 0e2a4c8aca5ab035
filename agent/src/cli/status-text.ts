import type { ReleaseReference } from "@modelfleet/protocol";
import type { AgentStatus } from "../domain/agent-status.ts";

/** The status for people. */
export function statusText(status: AgentStatus): string {
  const { device, fleet, agent, connected, slots } = status;
  const link = connected ? "connected" : "not connected";
  const state =
    agent === "running" ? `running, ${link}` : "not running; this is what its disk says";
  const lines = [
    `device ${device} of fleet ${fleet}`,
    `root ${status.rootVersion}`,
    `agent ${state}`,
  ];
  if (status.stale === true) {
    lines.push("STALE: no fresh word from the controller for 14 days; what runs goes on");
  }
  for (const { code, detail } of status.faults) lines.push(`${code}: ${detail}`);
  for (const slot of slots) {
    lines.push(`slot ${slot.slot}`);
    lines.push(`  active    ${named(slot.active)}`);
    const held = status.runtimes?.find((runtime) => runtime.slot === slot.slot);
    if (held !== undefined) {
      lines.push(`  runtime   ${held.id} ${held.version}: ${held.reason}`);
    }
    lines.push(`  previous  ${named(slot.previous)}`);
    if (slot.trial !== null) lines.push(`  on trial  ${named(slot.trial)}`);
    for (const { release, code, detail } of slot.refused) {
      lines.push(`  refused   ${release.slice(0, 12)} ${code}: ${detail}`);
    }
  }
  if (slots.length === 0) lines.push("no model yet");
  return `${lines.join("\n")}\n`;
}

function named(reference: ReleaseReference | null): string {
  if (reference === null) return "none";
  return `${reference.model} ${reference.version} (${reference.release.slice(0, 12)})`;
}
