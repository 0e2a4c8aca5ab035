import type { DeviceFacts } from "./facts.ts";
import { type Reason, reason } from "./reason.ts";
import type { Variant } from "./requirements.ts";
import type { Target } from "./target-file.ts";

const MIB = 1_048_576;

/** Memory and disk: what the device has, less what its target keeps for the agent and the system. */
export function checkRoom(
  { budgets }: Target,
  reported: DeviceFacts,
  variant: Variant,
): readonly Reason[] {
  const reasons: Reason[] = [];
  const forModelsMiB = Math.min(
    reported.memoryMiB - budgets.agentReserveMiB,
    variant.mayReplace === true ? Number.POSITIVE_INFINITY : reported.memoryAvailableMiB,
    budgets.ramMiB ?? Number.POSITIVE_INFINITY,
  );
  if (forModelsMiB < variant.memoryMiBMin) {
    const need = `${variant.memoryMiBMin} MiB of memory`;
    reasons.push(reason("RAM", need, `${Math.max(0, forModelsMiB)} MiB`));
  }
  const freeMiB = Math.min(
    reported.diskFreeMiB - budgets.minFreeDiskMiB,
    budgets.modelStoreMiB ?? Number.POSITIVE_INFINITY,
  );
  const sizeMiB = Math.ceil(variant.sizeBytes / MIB);
  if (sizeMiB > 0 && freeMiB < sizeMiB) {
    const have = `${Math.max(0, freeMiB)} MiB besides the ${budgets.minFreeDiskMiB} MiB kept free`;
    reasons.push(reason("DISK", `${sizeMiB} MiB of disk`, have));
  }
  return reasons;
}
