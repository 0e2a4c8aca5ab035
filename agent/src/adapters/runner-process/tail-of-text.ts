/** Keeps the last bytes of a stream: what a process said before it died. */
export class TailOfText {
  readonly #bytesMax: number;
  #tail = Buffer.alloc(0);

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): void {
    const whole = Buffer.concat([this.#tail, chunk]);
    this.#tail = whole.subarray(Math.max(0, whole.length - this.#bytesMax));
  }

  text(): string {
    return this.#tail.toString();
  }
}
