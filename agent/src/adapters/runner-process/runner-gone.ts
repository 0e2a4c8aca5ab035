import { CodedError } from "@modelfleet/protocol";

/**
 * The runner did not answer. ENDED: its process is gone. TOO_LONG: it worked longer than it may and is being killed.
 * LATE: the caller's time is over; the process may be well.
 */
export class RunnerGone extends CodedError<"ENDED" | "TOO_LONG" | "LATE"> {}
