import { FormatError } from "./errors.ts";

/** Of the remaining length; a fifth byte is no MQTT (3.1.1, 2.2.3). */
const LENGTH_BYTES_MAX = 4;
const PUBLISH = 3;
const QOS_2 = 0b100;

/**
 * Follows a stream of MQTT packets by their fixed headers alone, and says so as soon as one of them announces more
 * bytes than are taken, or is of QoS 2, which nothing here subscribes with. MQTT.js has no such limits: it would collect
 * the 256 MiB that a header may announce, and keep 65,535 messages of QoS 2 whose second half never comes.
 */
export class PacketCap {
  readonly #bytesMax: number;
  /** Of the packet under way that have not come yet; undefined while its header is being read. */
  #bytesLeft: number | undefined;
  #lengthBytes = 0;
  #length = 0;
  #isTypeRead = false;

  /** @param bytesMax of what follows a fixed header */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @throws FormatError SIZE or FORMAT, at the header of the packet; nothing may be taken after that */
  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#bytesLeft === undefined) {
        this.#takeHeaderByte(chunk[at] ?? 0);
        at += 1;
      } else {
        const taken = Math.min(this.#bytesLeft, chunk.length - at);
        this.#bytesLeft -= taken;
        at += taken;
      }
      if (this.#bytesLeft === 0) this.#bytesLeft = undefined;
    }
  }

  #takeHeaderByte(byte: number): void {
    if (!this.#isTypeRead) {
      if (byte >> 4 === PUBLISH && (byte & QOS_2) !== 0) {
        throw new FormatError("FORMAT", "expected messages of QoS 0 or 1, got one of another");
      }
      this.#isTypeRead = true;
      return;
    }
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if (this.#length > this.#bytesMax) {
      const came = `got one that announces at least ${this.#length}`;
      throw new FormatError(
        "SIZE",
        `expected a packet of at most ${this.#bytesMax} bytes, ${came}`,
      );
    }
    if ((byte & 0x80) === 0) {
      this.#bytesLeft = this.#length;
      this.#isTypeRead = false;
      this.#lengthBytes = 0;
      this.#length = 0;
    } else if (this.#lengthBytes === LENGTH_BYTES_MAX) {
      throw new FormatError("SIZE", "expected a length of a packet in at most 4 bytes, got more");
    }
  }
}
