import {
  adoptRoot,
  type DeviceId,
  type Sha256,
  type VerifiedRoot,
  type Verifier,
  VerifyError,
} from "@modelfleet/protocol";
import type { AgentState } from "../../domain/install/agent-state.ts";
import { stateUnder } from "../../domain/install/state-under.ts";
import { trustOf } from "../../domain/install/trust-of.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { StoreFault } from "../../domain/store-fault.ts";
import type { ModelStore } from "../../ports/model-store.ts";

export interface RecordedTrust {
  readonly device: DeviceId;
  /** The root the state names; undefined when its document was lost or damaged. */
  readonly root: VerifiedRoot | undefined;
  /** Whoever has much to verify may bring a faster one; that of the trust core when it is absent. */
  readonly verify?: Verifier | undefined;
  /** Neither slot could be read: the record begins anew. */
  readonly isLost?: boolean;
  /** Why the record could not be committed when it was opened. */
  readonly uncommitted?: StoreFault | undefined;
}

/**
 * The state record in memory, with the root it names. Only the install loop changes it.
 *
 * 1. It is never ahead of the disk, but for two changes that must not wait for one: a new start of the agent, and the
 *    way back to a release that runs. Both come to the same again if the power fails before they are on disk.
 * 2. As long as it is ahead, `settle` tries to commit it; so does every other commit.
 */
export class StateRecord {
  readonly #store: ModelStore;
  readonly #device: DeviceId;
  readonly #isLost: boolean;
  readonly verify: Verifier | undefined;
  #current: AgentState;
  #root: VerifiedRoot | undefined;
  #uncommitted: StoreFault | undefined;
  #failing: StoreFault | undefined;
  #isAhead: boolean;

  constructor(store: ModelStore, current: AgentState, trust: RecordedTrust) {
    this.#store = store;
    this.#device = trust.device;
    this.#isLost = trust.isLost === true;
    this.verify = trust.verify;
    this.#current = current;
    this.#root = trust.root;
    this.#uncommitted = trust.uncommitted;
    this.#isAhead = trust.uncommitted !== undefined;
  }

  current(): AgentState {
    return this.#current;
  }

  /** What is wrong with the disk, as far as this record knows; nothing when all is well. */
  faults(): readonly StoreFault[] {
    const isForgotten = this.#isLost && this.#current.desiredSha256 === null;
    const failed = this.#uncommitted ?? this.#failing;
    const ruined = this.#store.ruinedSlot();
    return [
      ...(isForgotten ? [stateLost] : []),
      ...(failed === undefined ? [] : [failed]),
      ...(ruined === undefined ? [] : [slotRuined(ruined)]),
    ];
  }

  /** The disk did not take what a step had for it, a document or a file. @returns whether that is news */
  stepFailed(cause: StoreError): boolean {
    const isNews = this.#uncommitted === undefined && this.#failing === undefined;
    this.#failing = faultOf(cause);
    return isNews;
  }

  /** A step came to its end since, or there is none left to try. */
  stepDone(): void {
    this.#failing = undefined;
  }

  /** Who may sign what, now. @throws VerifyError ROOT_TOO_OLD while the root's document is lost */
  root(): VerifiedRoot {
    if (this.#root !== undefined) return this.#root;
    const { rootVersion, rootSha256 } = this.#current;
    const text = `expected root ${rootVersion} (${rootSha256}) on disk, got none; it is fetched again`;
    throw new VerifyError("ROOT_TOO_OLD", text);
  }

  hasRoot(): boolean {
    return this.#root !== undefined;
  }

  /** @throws VerifyError as `root` does */
  trust() {
    return trustOf(this.#current, this.root(), this.#device);
  }

  isRevoked(release: Sha256): boolean {
    return this.#root?.document.revokedReleases.includes(release) ?? false;
  }

  /** @throws StoreError; then nothing has changed */
  async commit(next: AgentState): Promise<void> {
    if (next === this.#current && !this.#isAhead) return;
    await this.#write(next);
    this.#current = next;
  }

  /** The same, but a broken disk does not hold it up: for the way back to a release that runs. */
  async commitOrHold(next: AgentState): Promise<void> {
    try {
      await this.commit(next);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#current = next;
      this.#isAhead = true;
    }
  }

  /** What is in memory only is committed, if there is such a thing. @throws StoreError */
  async settle(): Promise<void> {
    if (this.#isAhead) await this.commit(this.#current);
  }

  /** One step of rotation: the document is on disk before the one commit that names it. @throws StoreError */
  async adopt(root: VerifiedRoot): Promise<void> {
    await this.#store.keepDocument(root.sha256, root.bytes);
    await this.commit(stateUnder(this.#current, adoptRoot(this.trust(), root)));
    this.#root = root;
  }

  /** The very root the state names is back. @throws StoreError */
  async regain(root: VerifiedRoot): Promise<void> {
    await this.#store.keepDocument(root.sha256, root.bytes);
    this.#root = root;
  }

  async #write(next: AgentState): Promise<void> {
    try {
      await this.#store.commit(next);
    } catch (cause) {
      if (cause instanceof StoreError) this.#uncommitted = faultOf(cause);
      throw cause;
    }
    this.#uncommitted = undefined;
    this.#isAhead = false;
  }
}

/** A failed commit in the words of the status. */
export function faultOf({ code, message }: StoreError): StoreFault {
  return { code: code === "NO_SPACE" ? code : "STORE_FAILED", detail: message };
}

/** One is enough to go on with: a commit cut off by the power leaves it so, and so does a disk that begins to fail. */
export function slotRuined(path: string): StoreFault {
  const detail = `expected a whole record in state slot ${path}; the other slot has one, and the next commit writes this one anew`;
  return { code: "STORE_FAILED", detail };
}

/** Also of a stopped agent whose slots cannot be read. */
export const stateLost: StoreFault = {
  code: "STATE_LOST",
  detail: "both state slots are unreadable; only an answer to a fresh hello will be followed",
};
