import { CodedError } from "@modelfleet/protocol";

/** The source did not give what was asked: it said no, stopped answering, or dripped. */
export class DownloadError extends CodedError<"REFUSED" | "UNREACHABLE" | "SLOW" | "SIZE"> {}
