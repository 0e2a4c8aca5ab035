import type { Sha256 } from "@modelfleet/protocol";
import type { LabelRequest } from "../domain/feedback/label-request.ts";
import type { LabelAnswer } from "../domain/feedback/release-labels.ts";

/** Labels of a prediction, and which model the application means. */
export interface GivenLabels {
  readonly model: string;
  /** Any when undefined. */
  readonly version: string | undefined;
  readonly request: LabelRequest;
}

/** Where applications say how predictions turned out. */
export interface LabelTaker {
  /** Whether labels can be given for what this release predicts. */
  readonly takesLabels: (release: Sha256) => boolean;
  /** @throws RequestRefused FORMAT | NOT_FOUND | LABELLED; then nothing has changed */
  readonly give: (labels: GivenLabels) => LabelAnswer & { readonly version: string };
}
