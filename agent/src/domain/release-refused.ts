import { CodedError, type RefusalCode } from "@modelfleet/protocol";

/** This device does not take this release; the old one is untouched. The message is the evidence an operator reads. */
export class ReleaseRefused extends CodedError<RefusalCode> {}
