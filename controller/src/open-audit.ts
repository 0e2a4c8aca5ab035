import { CheckpointAudit, type CheckpointAuditPorts } from "./app/audit/checkpoint-audit.ts";
import { MinuteTally } from "./app/audit/minute-tally.ts";
import { recordRoot } from "./app/root/record-root.ts";
import type { Closers } from "./closers.ts";
import { systemPrincipal } from "./domain/access/principal.ts";
import { packageVersion } from "./package-version.ts";
import type { AuditTally } from "./ports/audit-log.ts";

/**
 * The audit log of a running controller: signed at its start and now and then. When it stops, what was counted is
 * written down, and then all of it signed.
 */
export async function openAudit(
  ports: CheckpointAuditPorts,
  { isDev }: { readonly isDev: boolean },
  closers: Closers,
): Promise<AuditTally> {
  const { audit, clock, keys } = ports;
  const checkpoints = new CheckpointAudit(ports);
  closers.add(checkpoints);
  const tally = new MinuteTally(ports);
  closers.add(tally);
  await audit.append({
    atMs: clock.nowMs(),
    actor: systemPrincipal.id,
    action: "controller.started",
    subject: "controller",
    detail: { version: packageVersion(), isDev, rootVersion: keys.root().document.version },
  });
  await recordRoot(ports, systemPrincipal.id);
  // What a killed controller left unsigned, and a first checkpoint of a new log.
  await checkpoints.run("now");
  checkpoints.start();
  tally.start();
  return tally;
}
