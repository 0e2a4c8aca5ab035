import {
  adoptRoot,
  type DeviceId,
  type Sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import type { AgentState } from "../../domain/install/agent-state.ts";
import { stateUnder } from "../../domain/install/state-under.ts";
import { trustOf } from "../../domain/install/trust-of.ts";
import type { ModelStore } from "../../ports/model-store.ts";

export interface RecordedTrust {
  readonly device: DeviceId;
  /** The root the state names; undefined when its document was lost or damaged. */
  readonly root: VerifiedRoot | undefined;
}

/**
 * The state record in memory, with the root it names; it is never ahead of the disk. Only the install loop changes it.
 */
export class StateRecord {
  readonly #store: ModelStore;
  readonly #device: DeviceId;
  #current: AgentState;
  #root: VerifiedRoot | undefined;

  constructor(store: ModelStore, current: AgentState, { device, root }: RecordedTrust) {
    this.#store = store;
    this.#device = device;
    this.#current = current;
    this.#root = root;
  }

  current(): AgentState {
    return this.#current;
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
    if (next === this.#current) return;
    await this.#store.commit(next);
    this.#current = next;
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
}
