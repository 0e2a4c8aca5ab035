import {
  type CheckedDesired,
  checkDesired,
  type DesiredDocument,
  initialTrustState,
  needsNonce,
  type TrustState,
  VerifyError,
  verifySignatureNative,
} from "@modelfleet/protocol";
import type { DeviceIdentity } from "./device-identity.ts";

/** What a device believes of what it is told to run: the rules of protocol.md 1.5 and 1.6, by the code of the agent. */
export class DesiredTrust {
  #state: TrustState;
  /** Of the hello that is not answered yet. */
  nonce: string | null = null;
  /** Documents it has refused, by code. */
  readonly refused = new Map<string, number>();

  constructor({ root, id }: Pick<DeviceIdentity, "root" | "id">) {
    this.#state = initialTrustState(root, id, 0);
  }

  /** Of the newest document it follows; 0 before the first. */
  get seq(): number {
    return this.#state.seq;
  }

  get rootVersion(): number {
    return this.#state.root.document.version;
  }

  /** @returns the document to follow; or the code it is refused with; undefined: it is the one that is followed */
  accept(envelope: Uint8Array, nowMs: number): DesiredDocument | VerifyError["code"] | undefined {
    const checked = this.#check(envelope, nowMs);
    if (typeof checked === "string") return checked;
    if (checked.kind === "same") return undefined;
    const { desired, sha256, timeFloorMs } = checked;
    if (desired.nonce === this.nonce) this.nonce = null;
    // The releases it names are fetched by nobody here; `acceptDesired` would do the same with them.
    this.#state = { ...this.#state, seq: desired.seq, desiredSha256: sha256, timeFloorMs };
    return desired;
  }

  #check(envelope: Uint8Array, nowMs: number): CheckedDesired | VerifyError["code"] {
    const requireNonce = needsNonce(this.#state, nowMs);
    const context = { nowMs, expectedNonce: this.nonce, requireNonce };
    try {
      return checkDesired(this.#state, envelope, context, verifySignatureNative);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
      return error.code;
    }
  }
}
