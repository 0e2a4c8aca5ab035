import { CodedError } from "@modelfleet/protocol";

/** The source did not give what was asked: it said no, or it stopped answering. */
export class DownloadError extends CodedError<"REFUSED" | "UNREACHABLE" | "SIZE"> {}
