/** Carries word that something of a rollout has changed, from whoever stores it to whoever carries it on. */
export class RolloutSignal {
  #listener: ((rollout: string) => void) | undefined;

  /** From now on it is told. */
  listen(listener: (rollout: string) => void): void {
    this.#listener = listener;
  }

  /** Never waits and never fails. While nobody listens nothing is lost: the executor looks at all of them in its turn. */
  readonly wake = (rollout: string): void => this.#listener?.(rollout);
}
