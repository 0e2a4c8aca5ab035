import { fitsLibc, fitsMachine } from "./catalog.ts";
import type { Declared } from "./declared.ts";
import type { DeviceFacts } from "./facts.ts";
import { ioDifference } from "./io-difference.ts";
import { type Reason, reason } from "./reason.ts";
import type { Requirements } from "./requirements.ts";
import type { Target } from "./target-file.ts";
import { satisfiesRange } from "./version-range.ts";

/** What stands in the way whatever variant is chosen. */
export function checkDevice(
  { target, io }: { readonly target: Target; readonly io: Declared["io"] },
  reported: DeviceFacts,
  required: Requirements,
): readonly Reason[] {
  return [
    ...checkClass(reported, required),
    ...checkPlatform(target, reported),
    ...checkAgent(reported, required),
    ...checkIo(io, required),
  ];
}

function checkClass(reported: DeviceFacts, { classes }: Requirements): readonly Reason[] {
  if (classes.includes("*") || classes.includes(reported.class)) return [];
  return [reason("CLASS", classes.join(" or "), reported.class)];
}

function checkPlatform(target: Target, reported: DeviceFacts): readonly Reason[] {
  const { platform } = target;
  const reasons: Reason[] = [];
  if (!fitsMachine(target, reported)) {
    const need = `${platform.os} ${platform.arch}`;
    reasons.push(reason("ARCH", need, `${reported.os} ${reported.arch}`));
  }
  if (!fitsLibc(platform.libc, reported.libc)) {
    const { family, min } = platform.libc;
    const { libc } = reported;
    reasons.push(reason("LIBC", `${family} >= ${min}`, `${libc.family} ${libc.version}`));
  }
  return reasons;
}

function checkAgent(reported: DeviceFacts, required: Requirements): readonly Reason[] {
  const reasons: Reason[] = [];
  const { agentMin, protocolMin } = required;
  if (agentMin !== null && !satisfiesRange(reported.agentVersion, `>=${agentMin}`)) {
    reasons.push(reason("AGENT_TOO_OLD", `agent >= ${agentMin}`, reported.agentVersion));
  }
  if (reported.protocol < protocolMin) {
    reasons.push(reason("PROTOCOL_TOO_OLD", `protocol >= ${protocolMin}`, `${reported.protocol}`));
  }
  return reasons;
}

function checkIo(current: Declared["io"], { io }: Requirements): readonly Reason[] {
  const difference = current && ioDifference(current, io);
  return difference ? [reason("IO_SCHEMA", difference.need, difference.have)] : [];
}
