import { type DeviceId, FormatError, VerifyError } from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import type { RefusalCounts, UpStreamName } from "./refusal-counts.ts";

/**
 * Runs the taking in of one message; what is wrong with the message itself becomes an outcome.
 * Everything else (a full disk, a defect) is thrown on.
 */
export async function refuseMessage(
  counts: RefusalCounts,
  from: { readonly device: DeviceId; readonly stream: UpStreamName },
  take: () => Promise<IngestOutcome>,
): Promise<IngestOutcome> {
  try {
    return await take();
  } catch (error) {
    if (!isFault(error)) throw error;
    counts.count(from.device, from.stream, { code: error.code, reason: error.message });
    return { kind: "refused", code: error.code };
  }
}

function isFault(error: unknown): error is VerifyError | FormatError | MessageRefused {
  return (
    error instanceof VerifyError || error instanceof FormatError || error instanceof MessageRefused
  );
}
