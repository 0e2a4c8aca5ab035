import { decodeEnvelope, sha256 } from "@modelfleet/protocol";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Keys } from "../../ports/keys.ts";

export interface RecordRootPorts {
  readonly keys: Keys;
  readonly clock: Clock;
  readonly audit: AuditLog;
}

/**
 * Writes down, once, that the newest root took the place of the one before. The root is on disk before the database can
 * know of it: what a crash left out is made up for when the root is published again, or at the next start; so is a root
 * that somebody brought to the folder while no controller ran.
 */
export async function recordRoot(ports: RecordRootPorts, actor: string): Promise<void> {
  const { keys, clock, audit } = ports;
  const { document, sha256: digest } = keys.root();
  const before = keys.rootAt(document.version - 1);
  if (before === undefined) return;
  const [action, subject] = ["root.published", `root:${document.version}`];
  if (await audit.has(action, subject)) return;
  await audit.append({
    ...{ atMs: clock.nowMs(), actor, action, subject },
    detail: {
      sha256: digest,
      before: sha256(decodeEnvelope(before).payload),
      expires: document.expires,
      online: [...document.roles.online.keyids],
      revokedReleases: document.revokedReleases.length,
    },
  });
}
