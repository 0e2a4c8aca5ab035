import { Device } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { slotsRunning, slotsWanted } from "../render/slots.ts";
import { stateWord } from "../render/state-word.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export async function showDevice(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/devices/${encodeURIComponent(id)}`;
  const found = await context.api.call({ method: "GET", path, answer: Device });
  context.answer(found, () => renderDevice(found, terminal.nowMs()));
}

function renderDevice(device: Device, nowMs: number): string {
  return [
    `${device.id} (${device.class})  ${stateWord(device)}, agent ${device.agentVersion ?? "never seen"}`,
    ...revocation(device),
    `runs     ${slotsRunning(device)}`,
    `wanted   ${slotsWanted(device)} (desired ${device.desired.seq})`,
    `target   ${renderFacts(device.facts)}`,
    "",
    renderSteps(device, nowMs),
  ].join("\n");
}

function revocation({ revoked }: Device): readonly string[] {
  if (revoked === null) return [];
  return [
    `revoked  ${new Date(revoked.atMs).toISOString()}: ${revoked.reason ?? "no reason given"}`,
  ];
}

function renderFacts(facts: Device["facts"]): string {
  if (facts === null) return "unknown until its first hello";
  const runtimes = facts.runtimes.map(({ id, version }) => `${id} ${version}`).join(", ");
  return `${facts.target}, ${facts.arch}, ${facts.memoryMiB} MiB, ${runtimes}`;
}

function renderSteps({ recent }: Device, nowMs: number): string {
  if (recent.length === 0) return "no steps reported yet";
  const rows = recent.map((item) => [
    `${age(item.atMs, nowMs)} ago`,
    item.slot,
    `${item.model}@${item.version}`,
    item.step,
    [item.code, item.detail].filter((part) => part !== undefined).join(": "),
  ]);
  return table(["when", "slot", "release", "step", "reason"], rows);
}
