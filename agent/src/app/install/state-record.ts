import type { AgentState } from "../../domain/install/agent-state.ts";
import type { ModelStore } from "../../ports/model-store.ts";

/** The state record in memory; it is never ahead of the disk. Only the install loop changes it. */
export class StateRecord {
  readonly #store: ModelStore;
  #current: AgentState;

  constructor(store: ModelStore, current: AgentState) {
    this.#store = store;
    this.#current = current;
  }

  current(): AgentState {
    return this.#current;
  }

  /** @throws StoreError; then nothing has changed */
  async commit(next: AgentState): Promise<void> {
    if (next === this.#current) return;
    await this.#store.commit(next);
    this.#current = next;
  }
}
