import { BusError } from "./bus-error.ts";

/** Of the remaining length; a fifth byte is no MQTT (3.1.1, 2.2.3). */
const LENGTH_BYTES_MAX = 4;

/**
 * Follows a stream of MQTT packets by their fixed headers alone, and says so as soon as one of them announces more bytes
 * than are taken: MQTT.js would collect the 256 MiB that a header may announce.
 */
export class PacketCap {
  readonly #bytesMax: number;
  #isInBody = false;
  #bytesLeft = 0;
  /** Of the header under way, with its first byte. */
  #headerBytes = 0;
  #length = 0;

  /** @param bytesMax of what follows a fixed header */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @throws BusError TOO_LARGE at the header of the packet; nothing may be taken after that */
  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#isInBody) {
        this.#takeHeaderByte(chunk[at] ?? 0);
        at += 1;
      } else {
        const taken = Math.min(this.#bytesLeft, chunk.length - at);
        this.#bytesLeft -= taken;
        at += taken;
      }
      if (this.#isInBody && this.#bytesLeft === 0) this.#isInBody = false;
    }
  }

  #takeHeaderByte(byte: number): void {
    this.#headerBytes += 1;
    if (this.#headerBytes === 1) return;
    this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 2);
    const isLast = (byte & 0x80) === 0;
    const isTooLong = !isLast && this.#headerBytes > LENGTH_BYTES_MAX;
    if (this.#length > this.#bytesMax || isTooLong) {
      const limit = `expected a packet of at most ${this.#bytesMax} bytes`;
      throw new BusError("TOO_LARGE", `${limit}, got one that announces at least ${this.#length}`);
    }
    if (!isLast) return;
    this.#isInBody = true;
    this.#bytesLeft = this.#length;
    this.#headerBytes = 0;
    this.#length = 0;
  }
}
