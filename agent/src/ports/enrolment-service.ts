import type { EnrolRequest, EnrolResponse } from "@modelfleet/protocol";

/** The controller's door for a device that has no credential yet. */
export interface EnrolmentService {
  /** @throws EnrolError with the controller's own words when it says no */
  readonly ask: (controllerUrl: string, request: EnrolRequest) => Promise<EnrolResponse>;
}
