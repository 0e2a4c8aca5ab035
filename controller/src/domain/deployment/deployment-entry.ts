import type {
  DeploymentTarget,
  ModelName,
  ReleaseVersion,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { Principal } from "../access/principal.ts";
import type { AuditEntry, AuditValue } from "../audit/audit-entry.ts";

interface Written {
  readonly id: string;
  readonly release: Sha256;
  readonly model: ModelName;
  readonly version: ReleaseVersion;
  readonly slot: SlotName;
  readonly target: DeploymentTarget;
  readonly deferMsMax?: number | undefined;
}

/** What is written down of a deployment that was asked for, created or approved. */
export function deploymentEntry(
  happened: "requested" | "created" | "approved",
  { id, release, model, version, slot, target, deferMsMax }: Written,
  by: {
    readonly caller: Principal;
    readonly atMs: number;
    readonly detail?: Readonly<Record<string, AuditValue>>;
  },
): AuditEntry {
  return {
    atMs: by.atMs,
    actor: by.caller.id,
    action: `deployment.${happened}`,
    subject: `deployment:${id}`,
    detail: {
      ...{ release, model, version, slot },
      target: JSON.stringify(target),
      ...(deferMsMax === undefined ? {} : { deferMsMax }),
      ...by.detail,
    },
  };
}
