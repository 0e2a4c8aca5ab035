/** Reports that are not acknowledged, oldest first (protocol.md 3.1). */
export class Outbox {
  readonly #send: (envelope: Uint8Array) => void;
  #waiting: { readonly seq: number; readonly envelope: Uint8Array }[] = [];
  #seq = 0;

  constructor(send: (envelope: Uint8Array) => void) {
    this.#send = send;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Reports of this start that were written. */
  get begun(): number {
    return this.#seq;
  }

  add(sign: (seq: number) => Uint8Array): void {
    const seq = this.#seq++;
    this.#waiting.push({ seq, envelope: sign(seq) });
  }

  sendNewest(): void {
    const newest = this.#waiting.at(-1);
    if (newest !== undefined) this.#send(newest.envelope);
  }

  sendAll(): void {
    for (const { envelope } of this.#waiting) this.#send(envelope);
  }

  acknowledged(seq: number): void {
    if (this.#waiting.length > 0) this.#waiting = this.#waiting.filter((one) => one.seq > seq);
  }

  /** A fall: nothing is left of it, and the next start counts from 0. */
  lose(): void {
    this.#waiting = [];
    this.#seq = 0;
  }
}
