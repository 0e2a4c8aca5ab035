import { documentLimits } from "../../limits.ts";
import { adoptRoot } from "./adopt-root.ts";
import { acceptNextRoot } from "./open-root.ts";
import type { TrustState } from "./trust-state.ts";
import { type Verifier, verifySignature } from "./verify-signature.ts";

/**
 * Walks along newer roots, each N → N + 1. Every state it yields is to be stored before the next one is asked for;
 * nothing is looked at ahead. Whether the last root has expired says `checkDesired`, for what is new under it.
 *
 * @param envelopes roots in the order of their versions; those above the limit wait for another walk
 * @throws VerifyError at the first envelope that is refused; the states yielded before stay good
 */
export function* walkRoots(
  state: TrustState,
  envelopes: Iterable<Uint8Array>,
  verify: Verifier = verifySignature,
): Generator<TrustState, void> {
  let current = state;
  let stepsLeft: number = documentLimits.rootStepsPerCycleMax;
  for (const bytes of envelopes) {
    // protocol.md 1.3.8: each step is stored before the next is tried; at most 64 in one go.
    current = adoptRoot(current, acceptNextRoot(current.root, bytes, verify));
    yield current;
    stepsLeft -= 1;
    if (stepsLeft === 0) return;
  }
}
