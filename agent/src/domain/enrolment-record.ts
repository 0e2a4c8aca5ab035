import { CredentialMessage, EnrolMessage, Problem, ReleaseReference } from "@modelfleet/protocol";

/** What an enrolled device keeps about its membership; the secret in it opens broker and downloads. */
export const EnrolmentRecord = CredentialMessage.pick({
  fleet: true,
  device: true,
  secret: true,
  certificate: true,
}).extend({
  class: EnrolMessage.shape.class,
  controllerUrl: Problem.shape.type,
  brokerUrl: Problem.shape.type,
  /** Payload digest of the anchor. */
  rootSha256: ReleaseReference.shape.release,
});
export type EnrolmentRecord = ReturnType<typeof EnrolmentRecord.parse>;
