import type { EnrolAnswer, Enrolment, EnrolRequest } from "@modelfleet/protocol";

/** Where a controller may be asked. */
export type EnrolmentPlaces = Pick<Enrolment, "controllerUrl" | "brokerUrl">;

/** The controller's door for a device that has no credential yet. */
export interface EnrolmentService {
  /**
   * @throws EnrolError REFUSED with the controller's own words, UNREACHABLE when nobody answers, CREDENTIAL when what
   * came is no answer
   */
  readonly ask: (places: EnrolmentPlaces, request: EnrolRequest) => Promise<EnrolAnswer>;
}
