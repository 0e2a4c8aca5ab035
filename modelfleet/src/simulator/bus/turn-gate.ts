/**
 * Rollouts have their turns between two moments, never while messages are taken in: so the outcome does not rest on
 * which of a thousand signatures is checked first.
 */
export class TurnGate {
  readonly #waiting = new Map<string, (rollout: string) => void>();

  readonly onWake = (rollout: string, wake: (rollout: string) => void): void => {
    this.#waiting.set(rollout, wake);
  };

  /** Lets those have their turn that have asked for one. @returns whether anybody has */
  open(): boolean {
    const waiting = [...this.#waiting].toSorted(([left], [right]) => (left < right ? -1 : 1));
    this.#waiting.clear();
    for (const [rollout, wake] of waiting) wake(rollout);
    return waiting.length > 0;
  }
}
