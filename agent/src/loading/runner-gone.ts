import { CodedError } from "@modelfleet/protocol";

/**
 * The runner did not answer. ENDED: its process is gone. OVER_MEMORY: gone, for it took more memory than it may.
 * TOO_LONG: it worked longer than it may and is being killed. HUNG: it worked far longer than it ever does and is being
 * killed; there is time for another try. LATE: the caller's time is over; the process may be well.
 */
export class RunnerGone extends CodedError<
  "ENDED" | "OVER_MEMORY" | "TOO_LONG" | "HUNG" | "LATE"
> {}
