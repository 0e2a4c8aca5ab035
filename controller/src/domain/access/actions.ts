import type { Role } from "@modelfleet/protocol";

/** What each role may do. This table is the only place; docs/operations.md shows it, and a test compares the two. */
const reads = [
  "claim.read",
  "deployment.read",
  "device.read",
  "release.read",
  "rollout.read",
  "root.read",
  "telemetry.read",
] as const;
const uploads = ["release.upload"] as const;
const releases = ["release.sign", "release.approve"] as const;
const deploys = [
  "alert.ack",
  "claim.change",
  "deployment.approve",
  "deployment.create",
  "device.change",
  "maintenance.change",
  "rollout.approve",
  "rollout.control",
  "rollout.create",
] as const;
/** Figures of the whole fleet together. */
const measures = ["metrics.read"] as const;
/** Over the whole fleet, so only a grant over the whole fleet gives them. */
const governs = ["audit.read", "root.change", "webhook.change", "webhook.read"] as const;
const keys = ["api-key.change", "api-key.read"] as const;

export type Action =
  | (typeof reads)[number]
  | (typeof measures)[number]
  | (typeof uploads)[number]
  | (typeof releases)[number]
  | (typeof deploys)[number]
  | (typeof governs)[number]
  | (typeof keys)[number];

export const actionsOf: Readonly<Record<Role, readonly Action[]>> = {
  viewer: [...reads, ...measures],
  uploader: [...reads, ...measures, ...uploads],
  releaser: [...reads, ...measures, ...uploads, ...releases],
  deployer: [...reads, ...measures, ...deploys],
  admin: [...reads, ...measures, ...uploads, ...releases, ...deploys, ...keys, ...governs],
};

export function isFleetWide(action: Action): boolean {
  return [...governs, ...measures].some((known) => known === action);
}
