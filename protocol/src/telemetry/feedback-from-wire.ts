import { telemetryLimits } from "../limits.ts";
import type { FeedbackWindow as WireFeedback } from "./telemetry_pb.ts";
import type { FeedbackDetector, FeedbackWindow } from "./window.ts";
import { durationOf, releaseOf, slotOf } from "./window-identity.ts";
import { countOf, refused } from "./wire-check.ts";

/**
 * Labels that came, of known content.
 *
 * @param place where they stand in the batch, for messages
 * @throws FormatError naming the field
 */
export function feedbackFromWire(wire: WireFeedback, place: string): FeedbackWindow {
  const field = (name: string) => ({ place, name });
  const { itemsPerWindowMax, outputsMax } = telemetryLimits;
  const labelled = countOf(wire.labelled, itemsPerWindowMax, field("labelled"));
  if (wire.output >= outputsMax) throw refused(field("output"), `below ${outputsMax}`, wire.output);
  return {
    slot: slotOf(wire.slot, place),
    release: releaseOf(wire.releaseDigest, place),
    startMs: countOf(wire.startMs, Number.MAX_SAFE_INTEGER, field("startMs")),
    durationMs: durationOf(wire.durationMs, place),
    output: wire.output,
    labelled,
    errors: countOf(wire.errors, labelled, field("errors")),
    drift: detectorsOf(wire),
  };
}

function detectorsOf({ adwin, hddmA }: WireFeedback): readonly FeedbackDetector[] {
  return [...(adwin ? (["adwin"] as const) : []), ...(hddmA ? (["hddm_a"] as const) : [])];
}
