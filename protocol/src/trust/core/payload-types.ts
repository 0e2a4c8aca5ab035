/** The payload types of every signed thing; the type is part of the signed bytes (protocol.md 1.1). */
export const payloadTypes = {
  root: "application/vnd.modelfleet.root.v1+json",
  release: "application/vnd.modelfleet.release.v1+json",
  desired: "application/vnd.modelfleet.desired.v1+json",
  enrol: "application/vnd.modelfleet.enrol.v1+json",
  credential: "application/vnd.modelfleet.credential.v1+json",
  hello: "application/vnd.modelfleet.hello.v1+json",
  report: "application/vnd.modelfleet.report.v1+json",
  telemetry: "application/vnd.modelfleet.telemetry.v1+protobuf",
  auditCheckpoint: "application/vnd.modelfleet.audit-checkpoint.v1+json",
} as const;

/** One of the payload types that exist; no other is ever signed. */
export type PayloadType = (typeof payloadTypes)[keyof typeof payloadTypes];
