import type { RefusalCode } from "@modelfleet/protocol";
import type { ExecutionReason } from "../execution.ts";

/** Refusals that may end by themselves; with every other code the release is rejected by this device for good. */
const retryable: ReadonlySet<string> = new Set<RefusalCode>([
  "DOWNLOAD_FAILED",
  "NO_SPACE",
  "LOAD_TIMEOUT",
  "RUNNER_CRASH",
  "STORE_FAILED",
  "INSUFFICIENT_MEMORY",
  "WARMUP_TIMEOUT",
  "GOLDEN_SLOW",
  "DEFERRED",
]);

/** Rejections that a person may ask anew: what stood against them was a person, too. */
const askable: ReadonlySet<string> = new Set<RefusalCode>(["CONSENT_DENIED"]);

/** What a device writes when the server was unwell (agent: blob-http), and what runtimes say of a broken connection. */
const serverAtFault: readonly RegExp[] = [
  /\bHTTP status (5\d\d|408|429)\b/,
  /\bECONN(REFUSED|RESET|ABORTED)\b|\bE(TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)\b/,
  /\b(got silence|the connection ended|fetch failed|socket hang up|other side closed)\b/,
  /\b(refused|unreachable)\b/i,
];

/** Whether the same device may be given the same release again after this refusal. */
export function isRetryable(code: ExecutionReason): boolean {
  return retryable.has(code);
}

/** Whether an operator's retry also takes in a device that rejected the release with this code. */
export function isAskable(code: string | null): boolean {
  return code !== null && askable.has(code);
}

/** Whether the download server or the way to it was at fault: the device and the release are not. */
export function isInfrastructure(code: ExecutionReason, detail: string | null): boolean {
  if (code !== "DOWNLOAD_FAILED" || detail === null) return false;
  return serverAtFault.some((pattern) => pattern.test(detail));
}
