import { ioDifferences, type ReleaseDocument } from "@modelfleet/protocol";
import type { Failure } from "./failure.ts";

/**
 * Why a release cannot take the place of the one that answers: its tensors would surprise the applications (agent.md 3.1).
 * A model of another name is another contract, which is how a publisher says that it is meant (protocol.md 1.4.13).
 */
export function refuseOtherContract(
  running: Pick<ReleaseDocument, "model" | "version" | "io">,
  next: Pick<ReleaseDocument, "model" | "io">,
): Failure | null {
  if (running.model !== next.model) return null;
  const differences = ioDifferences(running.io, next.io);
  if (differences.length === 0) return null;
  const each = differences.map(({ need, have }) => `${have} became ${need}`).join("; ");
  const detail = `expected the tensors of ${running.version}, which applications ask: ${each}`;
  return { code: "INCOMPATIBLE_SIGNATURE", detail };
}
