import { type Digest8, ModelName, ReleaseVersion, sha256 } from "@modelfleet/protocol";
import type { AlertsChange } from "../../../controller/src/ports/drift-store.ts";

/** One alert that fires, with everything that tells of it: the first of its release. */
export function firedAlert(releasePrefix: Digest8): AlertsChange {
  const id = "0123456789abcdef01234567";
  const subject = `alert:${id}`;
  return {
    release: {
      ...{ releasePrefix, version: 1, judgedMs: 5 },
      memory: { alerts: [], notifiedAtMs: [5], heldBack: 0 },
    },
    alerts: [
      {
        alert: {
          id,
          model: ModelName.parse("vision.defects"),
          modelVersion: ReleaseVersion.parse("1.0.0"),
          release: sha256(new Uint8Array(1)),
          ...{ cohort: "hall=north", signal: "feature:noise", state: "FIRING" },
          ...{ severity: "warning", suppression: null, ackedBy: null, value: 0.2, limit: 0.1 },
          ...{ startedAtMs: 3, changedAtMs: 5, endedAtMs: null },
        },
        change: {
          ...{ id, atMs: 5, from: "PENDING", to: "FIRING", severity: "warning" },
          ...{ suppression: null, notice: "fired", by: null, note: null, evidence: null },
          ...{ suppressedBy: null, culprits: [], devices: [], cause: null },
        },
      },
    ],
    audit: [{ atMs: 5, actor: "system", action: "alert.fired", subject, detail: {} }],
    events: [{ id: `alert-${id}`, type: "modelfleet.alert.firing", subject, atMs: 5, data: {} }],
  };
}
