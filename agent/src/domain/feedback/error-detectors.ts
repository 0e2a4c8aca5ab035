import { Adwin, type FeedbackDetector, HddmA } from "@modelfleet/protocol";

/** The two detectors of telemetry.md 2.2, value by value in the order in which labels come. */
export interface ErrorDetectors {
  /** @param error 1 where the prediction was wrong, 0 where it was right @returns those that found a change with this one */
  readonly update: (error: 0 | 1) => readonly FeedbackDetector[];
}

/** With the constants of telemetry.md 1.2, ADWIN's delta being 0.002. */
export function errorDetectors(): ErrorDetectors {
  const adwin = new Adwin();
  const hddmA = new HddmA();
  return {
    update: (error) => {
      // Both must see every value.
      const [isAdwins, isHddms] = [adwin.update(error), hddmA.update(error)];
      return [...(isAdwins ? adwins : none), ...(isHddms ? hddms : none)];
    },
  };
}

const none: readonly FeedbackDetector[] = [];
const adwins: readonly FeedbackDetector[] = ["adwin"];
const hddms: readonly FeedbackDetector[] = ["hddm_a"];
